//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use store::types::Ts;

    calls (call_sid) {
        call_sid -> Text,
        id -> Text,
        tenant_id -> Text,
        account_sid -> Text,
        direction -> Text,
        from_address -> Text,
        to_address -> Text,
        status -> Text,
        forwarded -> Bool,
        whispered -> Bool,
        accepted -> Bool,
        dial_status -> Nullable<Text>,
        dial_bridged -> Nullable<Bool>,
        dial_duration_s -> Nullable<BigInt>,
        duration_s -> Nullable<BigInt>,
        outcome -> Text,
        reason -> Text,
        conversation_id -> Nullable<Text>,
        started_at -> Ts,
        ended_at -> Nullable<Ts>,
        served -> Bool,
        elsewhere -> Bool,
        answered_by -> Text,
        interview_id -> Text,
        interview_flow -> Text,
        interview_status -> Text,
        interview_outcome -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::{JsonText, Ts};

    timeline (id) {
        id -> Text,
        call_sid -> Text,
        at -> Ts,
        kind -> Text,
        detail -> JsonText,
    }
}
