//! Rows of many calls and conversations, as SQL that makes them inside the database: what is looked for among them must not have
//! come there one webhook after the other.

/// Which database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// The other.
    Postgres,
}

impl Engine {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// A table of the numbers from 0, as `n`.
    fn numbers(self, count: usize) -> String {
        match self {
            Self::Sqlite => format!(
                "(WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}) SELECT n FROM numbers)"
            ),
            Self::Postgres => format!("generate_series(0, {count} - 1) AS numbers (n)"),
        }
    }

    /// A time that many minutes ago, as a column has it.
    fn ago(self, minutes: &str) -> String {
        match self {
            Self::Sqlite => {
                format!(
                    "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-' || ({minutes}) || ' minutes')"
                )
            }
            Self::Postgres => format!("now() - ({minutes}) * interval '1 minute'"),
        }
    }

    /// A number with leading zeros.
    fn padded(self, number: &str, width: usize) -> String {
        match self {
            Self::Sqlite => format!("printf('%0{width}d', {number})"),
            Self::Postgres => format!("lpad(({number})::text, {width}, '0')"),
        }
    }

    fn json(self, text: &str) -> String {
        match self {
            Self::Sqlite => format!("'{text}'"),
            Self::Postgres => format!("'{text}'::jsonb"),
        }
    }

    fn truth(self, value: &str) -> String {
        match self {
            Self::Sqlite => format!("({value})"),
            Self::Postgres => format!("({value}) <> 0"),
        }
    }

    fn settled(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "ANALYZE;",
        }
    }
}

/// Messages of a thread.
const MESSAGES: usize = 4;

/// The id of a thread that was made here.
pub fn thread_id(n: usize) -> String {
    format!("bench-thread-{n:07}")
}

/// So many conversations of the tenant `bench`, the newest a minute ago, each with a few messages.
pub fn conversations(engine: Engine, schema: &str, count: usize) -> String {
    let (numbers, messages) = (engine.numbers(count), engine.numbers(count * MESSAGES));
    let begin = match schema {
        "" => String::new(),
        schema => format!("SET search_path TO {schema};"),
    };
    let padded = engine.padded("n", 7);
    let thread = engine.padded(&format!("n / {MESSAGES}"), 7);
    let (created, updated) = (engine.ago("n * 3 + 60"), engine.ago("n * 3 + 1"));
    let written = engine.ago(&format!(
        "(n / {MESSAGES}) * 3 + {MESSAGES} - n % {MESSAGES}"
    ));
    let (nothing, empty) = (engine.json("[]"), engine.json("{}"));
    let unread = engine.truth("CASE WHEN n % 5 = 0 THEN 1 ELSE 0 END");
    format!(
        "{begin}
         INSERT INTO conversations (id, tenant_id, customer, number, account_sid, status, answering, urgency, created_at, updated_at, unread, is_unread, facts)
         SELECT 'bench-thread-' || {padded}, 'bench', '+1212' || {padded}, '+14155550101', 'ACb0000000000000000000000000000001',
                CASE WHEN n % 3 = 0 THEN 'completed' ELSE 'active' END, CASE WHEN n % 7 = 0 THEN 'human' ELSE 'ai' END, 'normal',
                {created}, {updated}, CASE WHEN n % 5 = 0 THEN 1 ELSE 0 END, {unread}, {empty} FROM {numbers};
         INSERT INTO messages (id, conversation_id, direction, sender, body, media, status, message_sid, created_at, sent_at, reactions)
         SELECT 'bench-message-' || n, 'bench-thread-' || {thread}, CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END,
                CASE WHEN n % 2 = 0 THEN 'customer' ELSE 'ai' END, 'My kitchen sink is leaking, when can you come? ' || n, {nothing},
                CASE WHEN n % 2 = 0 THEN 'received' ELSE 'sent' END, 'SMbench' || n, {written}, {written}, {nothing} FROM {messages};
         {}",
        engine.settled()
    )
}

/// The id of a thread of the tenant `next`.
pub fn neighbour_id(n: usize) -> String {
    format!("bench-next-{n:07}")
}

/// Its customer.
pub fn neighbour(n: usize) -> String {
    format!("+1213{:07}", 2_000_000 + n)
}

/// So many conversations of the tenant `next` at `number`, without a message.
pub fn neighbours(engine: Engine, schema: &str, number: &str, count: usize) -> String {
    let begin = match schema {
        "" => String::new(),
        schema => format!("SET search_path TO {schema};"),
    };
    let (now, empty, read) = (engine.ago("1"), engine.json("{}"), engine.truth("0"));
    let row = |n: usize| {
        format!(
            "('{}', 'next', '{}', '{number}', 'ACb0000000000000000000000000000001', 'active', 'human', 'normal', {now}, {now}, 0, {read}, {empty})",
            neighbour_id(n),
            neighbour(n)
        )
    };
    let rows: Vec<String> = (0..count).map(row).collect();
    format!(
        "{begin}
         INSERT INTO conversations (id, tenant_id, customer, number, account_sid, status, answering, urgency, created_at, updated_at, unread, is_unread, facts)
         VALUES {};",
        rows.join(", ")
    )
}

/// Lines of a call's timeline.
const LINES: usize = 4;

/// The CallSid of a call that was made here.
pub fn call_sid(n: usize) -> String {
    format!("CAbe{n:030}")
}

/// So many calls of the tenant `bench` in SQLite, the newest a minute ago, each with its timeline.
pub fn calls(count: usize) -> String {
    let engine = Engine::Sqlite;
    let (numbers, lines) = (engine.numbers(count), engine.numbers(count * LINES));
    let (padded, call) = (
        engine.padded("n", 30),
        engine.padded(&format!("n / {LINES}"), 30),
    );
    let (started, ended) = (engine.ago("n * 2 + 2"), engine.ago("n * 2 + 1"));
    let at = engine.ago(&format!("(n / {LINES}) * 2 + 2"));
    let outcome = "CASE n % 4 WHEN 0 THEN 'missed' WHEN 1 THEN 'answered' WHEN 2 THEN 'answered' ELSE 'interviewed' END";
    format!(
        "INSERT INTO calls (call_sid, id, tenant_id, account_sid, direction, from_address, to_address, status, forwarded, whispered, accepted,
                            duration_s, outcome, reason, started_at, ended_at, quarter)
         SELECT 'CAbe' || {padded}, 'bench-call-' || n, 'bench', 'ACb0000000000000000000000000000001', 'inbound',
                '+1212' || printf('%07d', n % 1000), '+14155550101', 'completed', 1, 0, 1, 60, {outcome}, '', {started}, {ended},
                CAST(strftime('%s', {started}) AS integer) / 900 FROM {numbers};
         INSERT INTO timeline (id, call_sid, at, kind, detail)
         SELECT 'bench-line-' || n, 'CAbe' || {call}, {at}, CASE n % {LINES} WHEN 0 THEN 'webhook' ELSE 'call.note' END,
                '{{\"forward_to\": \"+14155550102\"}}' FROM {lines};"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_rows() {
        assert_eq!(thread_id(42), "bench-thread-0000042");
        assert_eq!(call_sid(7).len(), 34);
        let sql = conversations(Engine::Postgres, "a_dispatch", 10);
        assert!(sql.contains("SET search_path TO a_dispatch;") && sql.contains("ANALYZE"));
        assert!(calls(5).contains("'{\"forward_to\""));
        let next = neighbours(Engine::Sqlite, "", "+14155550103", 2);
        assert!(next.contains(&neighbour_id(1)) && next.contains(&neighbour(1)));
    }
}
