//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use store::types::Ts;

    sessions (id) {
        id -> Text,
        tenant_id -> Text,
        account_sid -> Text,
        call_sid -> Text,
        app -> Text,
        flow -> Text,
        attempt -> BigInt,
        engine -> Text,
        offer -> Binary,
        status -> Text,
        reason -> Text,
        stream_sid -> Text,
        interview_id -> Text,
        target -> Text,
        state -> Text,
        whisper -> Text,
        result -> Text,
        offered_at -> Ts,
        started_at -> Nullable<Ts>,
        ended_at -> Nullable<Ts>,
        dialled_at -> Nullable<Ts>,
        taken_at -> Nullable<Ts>,
        inputs_key -> Text,
        inputs_until -> Nullable<Ts>,
        process -> Text,
        call_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    processes (id) {
        id -> Text,
        until -> Ts,
    }
}
