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
        dialled -> Text,
        code -> BigInt,
        error -> Text,
        sip_code -> BigInt,
        quarter -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use store::types::{JsonText, Ts};

    recordings (id) {
        id -> Text,
        call_sid -> Text,
        tenant_id -> Text,
        version -> BigInt,
        at -> Ts,
        shape -> JsonText,
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

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use store::types::Ts;

    customers (tenant_id, customer) {
        tenant_id -> Text,
        customer -> Text,
        opted_out -> Bool,
        opted_at -> Nullable<Ts>,
        unreachable -> Bool,
        texted_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::{JsonText, Ts};

    notes (id) {
        id -> Text,
        tenant_id -> Text,
        key -> Text,
        at -> Ts,
        role -> Text,
        kind -> Text,
        what -> Text,
        verdict -> Text,
        took_ms -> Nullable<BigInt>,
        detail -> JsonText,
        parameters -> Text,
        parameters_until -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use store::types::Ts;

    turns (id) {
        id -> Text,
        call_sid -> Text,
        at -> Ts,
        transcription_ms -> Nullable<BigInt>,
        decision_ms -> Nullable<BigInt>,
        speech_ms -> Nullable<BigInt>,
        response_ms -> Nullable<BigInt>,
        interrupted -> Bool,
    }
}

diesel::joinable!(turns -> calls (call_sid));
diesel::allow_tables_to_appear_in_same_query!(turns, calls);
