-- What the voice engine adds: the event ledger, its ownership, consent.

-- +goose Up
ALTER TABLE "Interview"
    ADD COLUMN "consentPolicy" text NOT NULL DEFAULT 'required' CHECK ("consentPolicy" IN ('required', 'implied')),
    ADD COLUMN plan jsonb; -- null: the default plan of the role

-- Lines derived from events carry where they come from; all null for lines of the REST API.
ALTER TABLE "InterviewMessage"
    ADD COLUMN seq bigint,
    ADD COLUMN source text,
    ADD COLUMN turn bigint,
    ADD COLUMN reply bigint,
    ADD COLUMN interrupted boolean,
    ADD UNIQUE ("interviewId", seq);

-- Who may write an interview's events: the process whose fence is the stored one. The row outlives the call, so
-- that the fence only ever rises. Its columns but the key are updated with every batch: room for it in the page.
CREATE TABLE interview_owner (
    interview text PRIMARY KEY REFERENCES "Interview" ON DELETE CASCADE,
    owner     text, -- null: released
    fence     bigint NOT NULL,
    heartbeat timestamptz(3) NOT NULL DEFAULT now(),
    last_seq  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The append-only record of a live interview.
CREATE TABLE interview_events (
    interview text NOT NULL REFERENCES interview_owner ON DELETE CASCADE,
    seq       bigint NOT NULL CHECK (seq > 0),
    fence     bigint NOT NULL,
    kind      text NOT NULL,
    at        timestamptz(3) NOT NULL,
    clock_ns  bigint NOT NULL, -- monotonic, since the interview began
    payload   jsonb NOT NULL,
    PRIMARY KEY (interview, seq)
);

-- Why an interview ended, derived from its last 'ended' event.
CREATE TABLE interview_end (
    interview text PRIMARY KEY REFERENCES interview_owner ON DELETE CASCADE,
    seq       bigint NOT NULL,
    reason    text NOT NULL,
    used_ns   bigint NOT NULL, -- talk time
    at        timestamptz(3) NOT NULL
);

-- What the candidate agreed to. The first consent of an interview stands.
CREATE TABLE interview_consent (
    interview text PRIMARY KEY REFERENCES "Interview" ON DELETE CASCADE,
    version   text NOT NULL,
    at        timestamptz(3) NOT NULL,
    channel   text NOT NULL,
    text_hash text NOT NULL DEFAULT ''
);
