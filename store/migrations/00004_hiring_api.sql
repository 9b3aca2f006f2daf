-- What the hiring API adds: question plans of jobs, saved limits, idempotency, the audit; and indexes its lists need.

-- +goose Up
ALTER TABLE "Job"
    ADD COLUMN plan jsonb, -- null: interviews of the job get the default plan of their role
    ADD COLUMN "planVersion" integer NOT NULL DEFAULT 0,
    ADD COLUMN "planUpdatedAt" timestamptz(3);

ALTER TABLE "Interview"
    ADD COLUMN "planVersion" integer NOT NULL DEFAULT 0,
    ADD COLUMN "planUpdatedAt" timestamptz(3);

-- The limits count once an administrator has saved them. One row only, whatever two first reads race for.
ALTER TABLE "AdminSettings" ADD COLUMN "limitsSavedAt" timestamptz(3);
DELETE FROM "AdminSettings" a USING "AdminSettings" b WHERE (a."createdAt", a.id) < (b."createdAt", b.id);
CREATE UNIQUE INDEX "AdminSettings_one" ON "AdminSettings" ((true));

-- A conversation's mails and messages go with its interview, a key's log with its key.
ALTER TABLE "EmailMessage" DROP CONSTRAINT "EmailMessage_interviewId_fkey",
    ADD FOREIGN KEY ("interviewId") REFERENCES "Interview" ON DELETE CASCADE;
ALTER TABLE "WhatsAppMessage" DROP CONSTRAINT "WhatsAppMessage_interviewId_fkey",
    ADD FOREIGN KEY ("interviewId") REFERENCES "Interview" ON DELETE CASCADE;
ALTER TABLE "ApiUsageLog" DROP CONSTRAINT "ApiUsageLog_apiKeyId_fkey",
    ADD FOREIGN KEY ("apiKeyId") REFERENCES "ApiKey" ON DELETE CASCADE;

-- The answers to requests that carried an Idempotency-Key, for a day.
CREATE TABLE idempotency (
    principal  text NOT NULL, -- user or interview
    route      text NOT NULL,
    key_hash   bytea NOT NULL,
    body_hash  bytea NOT NULL,
    status     integer, -- null: under way
    answer     bytea,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, route, key_hash)
);
CREATE INDEX ON idempotency (created_at);

-- Who changed what of weight. It is only added to.
CREATE TABLE audit_event (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz(3) NOT NULL DEFAULT now(),
    actor   text NOT NULL, -- a user's id; it may be gone
    action  text NOT NULL, -- such as user.role
    subject text NOT NULL, -- the id of what was changed
    detail  jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON audit_event (subject, at);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Lists are read newest first, a page at a time; who owns them is the first column.
CREATE INDEX ON "Interview" ("recruiterId", "createdAt" DESC, id DESC);
CREATE INDEX ON "Interview" (lower("candidateEmail"));
CREATE INDEX ON "Interview" (status, "expiresAt");
CREATE INDEX ON "Job" ("recruiterId", "createdAt" DESC, id DESC);
CREATE INDEX ON "Job" ("createdAt" DESC, id DESC) WHERE status = 'ACTIVE' AND "approvalStatus" = 'APPROVED';
CREATE INDEX ON "JobApplication" ("jobId", "appliedAt" DESC, id DESC);
CREATE INDEX ON "JobApplication" ("candidateId", "appliedAt" DESC, id DESC);
CREATE INDEX ON "EmailMessage" ("interviewId", "createdAt" DESC);
CREATE INDEX ON "WhatsAppMessage" ("interviewId", "createdAt" DESC);
CREATE INDEX ON "ApiUsageLog" ("apiKeyId", "createdAt" DESC, id DESC);
CREATE INDEX ON "User" (lower(email));
CREATE INDEX ON "User" ("createdAt" DESC, id DESC);
