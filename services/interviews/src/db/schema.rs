//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::Ts;

    candidates (id) {
        id -> Text,
        tenant_id -> Text,
        name -> Text,
        phone -> Text,
        email -> Nullable<Text>,
        timezone -> Nullable<Text>,
        language -> Nullable<Text>,
        resume -> Text,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::{JsonText, Ts};

    jobs (id) {
        id -> Text,
        tenant_id -> Text,
        title -> Text,
        description -> Text,
        questions -> JsonText,
        flow -> Nullable<Text>,
        language -> Nullable<Text>,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::{JsonText, Ts};

    flows (tenant_id, name, version) {
        tenant_id -> Text,
        name -> Text,
        version -> BigInt,
        kind -> Text,
        definition -> JsonText,
        created_at -> Ts,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::{JsonText, Ts};

    interviews (id) {
        id -> Text,
        tenant_id -> Text,
        kind -> Text,
        flow_name -> Text,
        flow_version -> BigInt,
        definition -> JsonText,
        candidate_id -> Nullable<Text>,
        job_id -> Nullable<Text>,
        call_sid -> Nullable<Text>,
        account_sid -> Text,
        number -> Text,
        person -> Text,
        direction -> Text,
        language -> Text,
        settings -> JsonText,
        status -> Text,
        outcome -> Text,
        failure_reason -> Nullable<Text>,
        attempt -> BigInt,
        progress -> JsonText,
        result -> Nullable<JsonText>,
        waiting -> Nullable<JsonText>,
        created_at -> Ts,
        started_at -> Nullable<Ts>,
        ended_at -> Nullable<Ts>,
        evaluated_at -> Nullable<Ts>,
        waits_for -> Nullable<Text>,
        waits_until -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};

    interview_calls (call_sid) {
        call_sid -> Text,
        interview_id -> Text,
        attempt -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::Ts;

    reviews (id) {
        id -> Text,
        interview_id -> Text,
        question_number -> BigInt,
        note -> Text,
        score -> Nullable<BigInt>,
        recommendation -> Nullable<Text>,
        author -> Text,
        at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Double, Nullable, Text};

    figures (interview_id) {
        interview_id -> Text,
        day -> BigInt,
        asked -> BigInt,
        answered -> BigInt,
        score -> Nullable<BigInt>,
        tasks -> BigInt,
        cost_micro_usd -> Double,
        prompt_tokens -> Double,
        completion_tokens -> Double,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    speech (key) {
        key -> Text,
        state -> Text,
        file -> Text,
        at -> Ts,
    }
}

diesel::allow_tables_to_appear_in_same_query!(candidates, interviews);
diesel::joinable!(figures -> interviews (interview_id));
diesel::allow_tables_to_appear_in_same_query!(figures, interviews);
