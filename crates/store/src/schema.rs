//! The two tables that every role has.

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::types::Ts;

    inbox (consumer, event_id) {
        consumer -> Text,
        event_id -> Text,
        reply -> Nullable<Binary>,
        handled_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::types::Ts;

    outbox (id) {
        id -> Text,
        due_at -> Ts,
        envelope -> Binary,
    }
}
