//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::{JsonText, Ts};

    calls (call_sid) {
        call_sid -> Text,
        id -> Text,
        tenant_id -> Text,
        account_sid -> Text,
        number -> Text,
        settings -> JsonText,
        started_at -> Ts,
        ended_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::{JsonText, Ts};

    recordings (id) {
        id -> Text,
        call_sid -> Text,
        tenant_id -> Text,
        account_sid -> Text,
        recording_sid -> Text,
        recording_type -> Text,
        source -> Text,
        status -> Text,
        twilio_status -> Text,
        format -> Text,
        channels -> BigInt,
        duration_ms -> Nullable<BigInt>,
        size_bytes -> Nullable<BigInt>,
        sha256 -> Text,
        object_key -> Text,
        peaks_key -> Text,
        metadata -> JsonText,
        started_at -> Ts,
        stored_at -> Nullable<Ts>,
        delete_at -> Nullable<Ts>,
        version -> BigInt,
        move_at -> Nullable<Ts>,
        transcript_key -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};
    use store::types::Ts;

    forgotten (call_sid) {
        call_sid -> Text,
        account_sid -> Text,
        is_held -> Bool,
        forgotten_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    leases (name) {
        name -> Text,
        holder -> Text,
        until -> Ts,
    }
}
