-- The product's tables, named as in the contract (section 10): PascalCase tables, camelCase columns, both quoted.
-- Foreign keys without an ON DELETE clause keep a row from being deleted while others need it; the services that
-- delete interviews, jobs and users remove what hangs on them first.

-- +goose Up
CREATE TYPE "UserRole" AS ENUM ('RECRUITER', 'CANDIDATE', 'ADMIN');
CREATE TYPE "SubscriptionStatus" AS ENUM ('FREE', 'PAID', 'ENTERPRISE');
CREATE TYPE "InterviewType" AS ENUM ('TEXT', 'VOICE');
CREATE TYPE "InterviewStatus" AS ENUM ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'EXPIRED');
CREATE TYPE "JobStatus" AS ENUM ('DRAFT', 'ACTIVE', 'CLOSED');
CREATE TYPE "ApprovalStatus" AS ENUM ('PENDING', 'APPROVED', 'REJECTED');
CREATE TYPE "ApplicationStatus" AS ENUM ('PENDING', 'REVIEWED', 'SHORTLISTED', 'REJECTED', 'HIRED');
CREATE TYPE "FileCategory" AS ENUM ('LOGO', 'RESUME', 'SCREENSHOT', 'DOCUMENT');
CREATE TYPE "ApiKeyStatus" AS ENUM ('ACTIVE', 'REVOKED', 'EXPIRED');

-- Every update moves updatedAt, also one that does not mention it.
-- +goose StatementBegin
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."updatedAt" = OLD."updatedAt" THEN
        NEW."updatedAt" = now();
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd

CREATE TABLE "User" (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    email         text NOT NULL UNIQUE,
    role          "UserRole" NOT NULL DEFAULT 'RECRUITER',
    provider      text NOT NULL,
    "providerId"  text NOT NULL,
    "fullName"    text,
    "avatarUrl"   text,
    "createdAt"   timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"   timestamptz(3) NOT NULL DEFAULT now(),
    "lastLoginAt" timestamptz(3),
    UNIQUE (provider, "providerId")
);

CREATE TABLE "Job" (
    id                text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "recruiterId"     text NOT NULL REFERENCES "User",
    title             text NOT NULL,
    description       text,
    department        text,
    location          text,
    "jobType"         text,
    "salaryRange"     text,
    status            "JobStatus" NOT NULL DEFAULT 'DRAFT',
    "approvalStatus"  "ApprovalStatus" NOT NULL DEFAULT 'PENDING',
    "approvedAt"      timestamptz(3),
    "approvedBy"      text,
    "rejectionReason" text,
    "createdAt"       timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"       timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "Job" ("recruiterId");
CREATE INDEX ON "Job" (status);
CREATE INDEX ON "Job" ("approvalStatus");

CREATE TABLE "Interview" (
    id                      text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "recruiterId"           text NOT NULL REFERENCES "User",
    "jobId"                 text REFERENCES "Job" ON DELETE SET NULL,
    "candidateEmail"        text NOT NULL,
    "candidateName"         text,
    "candidateNotes"        text,
    "candidateResumeFileId" text, -- references "File", below
    "candidateUserId"       text, -- no foreign key: the account may be gone
    "candidatePhone"        text,
    "jobRole"               text NOT NULL,
    type                    "InterviewType" NOT NULL DEFAULT 'TEXT',
    "timeLimitMinutes"      integer NOT NULL DEFAULT 30,
    status                  "InterviewStatus" NOT NULL DEFAULT 'PENDING',
    "interviewUrl"          text,
    "expiresAt"             timestamptz(3),
    "startedAt"             timestamptz(3),
    "completedAt"           timestamptz(3),
    score                   integer,
    "transcriptSummary"     text,
    "recordingGcsKey"       text,
    "createdAt"             timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"             timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "Interview" ("recruiterId");
CREATE INDEX ON "Interview" (status);
CREATE INDEX ON "Interview" ("candidateEmail");
CREATE INDEX ON "Interview" ("candidateUserId");
CREATE INDEX ON "Interview" ("jobId");
CREATE INDEX ON "Interview" ("createdAt");

CREATE TABLE "JobApplication" (
    id             text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "jobId"        text NOT NULL REFERENCES "Job",
    "candidateId"  text NOT NULL, -- a user's id, no foreign key
    "coverLetter"  text,
    "resumeFileId" text, -- references "File", below
    notes          text,
    status         "ApplicationStatus" NOT NULL DEFAULT 'PENDING',
    "reviewedAt"   timestamptz(3),
    "appliedAt"    timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"    timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE ("jobId", "candidateId") -- one application each, whatever two requests race for
);
CREATE INDEX ON "JobApplication" ("candidateId");
CREATE INDEX ON "JobApplication" (status);
CREATE INDEX ON "JobApplication" ("resumeFileId");

CREATE TABLE "File" (
    id                 text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    name               text NOT NULL,
    "mimeType"         text NOT NULL,
    size               integer NOT NULL,
    category           "FileCategory" NOT NULL,
    "uploadedBy"       text REFERENCES "User" ON DELETE SET NULL,
    "interviewId"      text REFERENCES "Interview" ON DELETE CASCADE,
    "jobApplicationId" text REFERENCES "JobApplication" ON DELETE CASCADE,
    "createdAt"        timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "File" (category);
CREATE INDEX ON "File" ("uploadedBy");
CREATE INDEX ON "File" ("interviewId");
CREATE INDEX ON "File" ("jobApplicationId");

ALTER TABLE "Interview" ADD FOREIGN KEY ("candidateResumeFileId") REFERENCES "File" ON DELETE SET NULL;
CREATE INDEX ON "Interview" ("candidateResumeFileId");
ALTER TABLE "JobApplication" ADD FOREIGN KEY ("resumeFileId") REFERENCES "File" ON DELETE SET NULL;

-- A file's bytes, 256 KiB a row, so that no request holds a whole file in memory. They are compressed formats
-- mostly: stored as they are.
CREATE TABLE "FileChunk" (
    "fileId" text NOT NULL REFERENCES "File" ON DELETE CASCADE,
    n        integer NOT NULL CHECK (n >= 0),
    data     bytea NOT NULL CHECK (octet_length(data) <= 262144),
    PRIMARY KEY ("fileId", n)
);
ALTER TABLE "FileChunk" ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE "RecruiterProfile" (
    id                      text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "userId"                text NOT NULL UNIQUE REFERENCES "User" ON DELETE CASCADE,
    "companyName"           text,
    "logoFileId"            text REFERENCES "File" ON DELETE SET NULL,
    "brandColor"            text,
    "emailIntro"            text,
    "emailTips"             text,
    "emailCtaText"          text,
    "subscriptionStatus"    "SubscriptionStatus" NOT NULL DEFAULT 'FREE',
    "subscriptionUpdatedAt" timestamptz(3),
    "createdAt"             timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"             timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "RecruiterProfile" ("logoFileId");

CREATE TABLE "CandidateProfile" (
    id                text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "userId"          text NOT NULL UNIQUE REFERENCES "User" ON DELETE CASCADE,
    "fullName"        text,
    email             text,
    phone             text,
    bio               text,
    skills            text[] NOT NULL DEFAULT '{}',
    "experienceYears" integer,
    "resumeFileId"    text REFERENCES "File" ON DELETE SET NULL,
    "linkedinUrl"     text,
    "portfolioUrl"    text,
    "createdAt"       timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"       timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "CandidateProfile" ("resumeFileId");

CREATE TABLE "InterviewMessage" (
    id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "interviewId" text NOT NULL REFERENCES "Interview" ON DELETE CASCADE,
    role          text NOT NULL,
    content       text NOT NULL,
    "createdAt"   timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "InterviewMessage" ("interviewId", "createdAt");

CREATE TABLE "InterviewSession" (
    id               text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "interviewId"    text NOT NULL REFERENCES "Interview" ON DELETE CASCADE,
    token            text NOT NULL UNIQUE,
    "expiresAt"      timestamptz(3) NOT NULL,
    "revokedAt"      timestamptz(3),
    "lastAccessedAt" timestamptz(3),
    "accessCount"    integer NOT NULL DEFAULT 0,
    "createdAt"      timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "InterviewSession" ("interviewId");
CREATE INDEX ON "InterviewSession" ("expiresAt");

CREATE TABLE "EmailMessage" (
    id               text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "interviewId"    text NOT NULL REFERENCES "Interview",
    "recipientEmail" text NOT NULL,
    "messageId"      text UNIQUE,
    status           text NOT NULL DEFAULT 'pending',
    "sentAt"         timestamptz(3),
    "deliveredAt"    timestamptz(3),
    "openedAt"       timestamptz(3),
    "bouncedAt"      timestamptz(3),
    "failedAt"       timestamptz(3),
    "errorMessage"   text,
    "createdAt"      timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"      timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "EmailMessage" ("interviewId");

CREATE TABLE "WhatsAppMessage" (
    id               text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "interviewId"    text NOT NULL REFERENCES "Interview",
    "candidatePhone" text NOT NULL,
    "messageId"      text UNIQUE,
    status           text NOT NULL DEFAULT 'pending',
    "sentAt"         timestamptz(3),
    "deliveredAt"    timestamptz(3),
    "readAt"         timestamptz(3),
    "failedAt"       timestamptz(3),
    "errorMessage"   text,
    "createdAt"      timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"      timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "WhatsAppMessage" ("interviewId");

CREATE TABLE "ApiKey" (
    id                text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "userId"          text NOT NULL REFERENCES "User",
    name              text NOT NULL,
    "keyHash"         text NOT NULL UNIQUE,
    "keyPrefix"       text NOT NULL,
    scopes            text[] NOT NULL DEFAULT '{}',
    status            "ApiKeyStatus" NOT NULL DEFAULT 'ACTIVE',
    "expiresAt"       timestamptz(3),
    "revokedAt"       timestamptz(3),
    "rateLimitPerDay" integer NOT NULL DEFAULT 1000,
    "requestsToday"   integer NOT NULL DEFAULT 0,
    "lastResetAt"     timestamptz(3),
    "lastRequestAt"   timestamptz(3),
    "createdAt"       timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "ApiKey" ("userId");

CREATE TABLE "ApiUsageLog" (
    id               text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "apiKeyId"       text NOT NULL REFERENCES "ApiKey",
    endpoint         text NOT NULL,
    method           text NOT NULL,
    "statusCode"     integer,
    "responseTimeMs" integer,
    "ipAddress"      text,
    "createdAt"      timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON "ApiUsageLog" ("apiKeyId");
CREATE INDEX ON "ApiUsageLog" ("createdAt");

CREATE TABLE "AdminSettings" (
    id                            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "secretSignupCode"            text,
    "maxInterviewsPerRecruiter"   integer NOT NULL DEFAULT 50,
    "defaultInterviewDuration"    integer NOT NULL DEFAULT 30,
    "enableEmailNotifications"    boolean NOT NULL DEFAULT true,
    "enableWhatsAppNotifications" boolean NOT NULL DEFAULT false,
    "maintenanceMode"             boolean NOT NULL DEFAULT false,
    "createdAt"                   timestamptz(3) NOT NULL DEFAULT now(),
    "updatedAt"                   timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE "OnboardingReminder" (
    id             text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    "userId"       text NOT NULL,
    "reminderType" text NOT NULL,
    "tasksPending" text[] NOT NULL DEFAULT '{}',
    "sentAt"       timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE ("userId", "reminderType")
);

CREATE TRIGGER touch BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "Job" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "Interview" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "JobApplication" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "RecruiterProfile" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "CandidateProfile" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "EmailMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "WhatsAppMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch BEFORE UPDATE ON "AdminSettings" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
