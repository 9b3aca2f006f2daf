-- What a complete record needs: who is alive, what could not be stored as it is, what came too late, seals.

-- +goose Up

-- The processes that hold interviews, each with the time of its last heartbeat: one row a process and second, not
-- one an interview. interview_owner.owner names a row here; no foreign key, as a dead process's row goes and its
-- interviews stay. The heartbeat is updated all the time: room for it in the page.
CREATE TABLE live_process (
    owner      text PRIMARY KEY,
    instance   text, -- null: the process has no journal whose lock could prove that its predecessor is dead
    heartbeat  timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz(3) NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- A sealed record takes no more events. The flag is on the row that every writer locks, so that a commit that waited
-- for the seal sees it.
ALTER TABLE interview_owner ADD COLUMN sealed boolean NOT NULL DEFAULT false;
CREATE INDEX interview_owner_unsealed ON interview_owner (interview) WHERE NOT sealed;

-- Events that can't be stored as they are, byte for byte. In the record an event of kind 'quarantined' has their seq.
CREATE TABLE interview_quarantine (
    interview text NOT NULL REFERENCES interview_owner ON DELETE CASCADE,
    fence     bigint NOT NULL,
    seq       bigint NOT NULL,
    kind      text NOT NULL, -- without what no text can keep
    at        timestamptz(3), -- null: it had none that can be kept
    clock_ns  bigint NOT NULL,
    payload   bytea NOT NULL,
    reason    text NOT NULL, -- without any of its content
    stored_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (interview, fence, seq)
);

-- Events of owners that were overtaken before these reached the database, and events whose seq was taken.
CREATE TABLE interview_late (
    interview text NOT NULL REFERENCES interview_owner ON DELETE CASCADE,
    fence     bigint NOT NULL,
    seq       bigint NOT NULL CHECK (seq > 0),
    kind      text NOT NULL,
    at        timestamptz(3) NOT NULL,
    clock_ns  bigint NOT NULL,
    payload   jsonb NOT NULL,
    stored_at timestamptz(3) NOT NULL DEFAULT now(),
    settled   boolean NOT NULL DEFAULT false, -- of a 'reply_started' without an end: its line was made
    PRIMARY KEY (interview, fence, seq)
);

-- The HMAC over all events of an interview that is over for good.
CREATE TABLE interview_seal (
    interview text PRIMARY KEY REFERENCES interview_owner ON DELETE CASCADE,
    key_id    text NOT NULL,
    events    integer NOT NULL,
    last_seq  bigint NOT NULL,
    mac       bytea NOT NULL,
    at        timestamptz(3) NOT NULL
);

-- The record is append-only: its rows go only together with their interview.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER append_only_update BEFORE UPDATE ON interview_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_delete BEFORE DELETE ON interview_events FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) -- 1 and more: a foreign key's cascade
    EXECUTE FUNCTION refuse_change();

-- Names this database, so that what a server keeps for it on its own disk goes to no other one.
CREATE TABLE database_identity (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id  uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO database_identity DEFAULT VALUES;
