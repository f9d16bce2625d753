//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use store::types::{JsonText, Ts};

    conversations (id) {
        id -> Text,
        tenant_id -> Text,
        customer -> Text,
        number -> Text,
        account_sid -> Text,
        status -> Text,
        answering -> Text,
        urgency -> Text,
        created_at -> Ts,
        updated_at -> Ts,
        opened_at -> Nullable<Ts>,
        closed_at -> Nullable<Ts>,
        unread -> BigInt,
        is_unread -> Bool,
        attention -> Text,
        revision -> BigInt,
        waiting_since -> Nullable<Ts>,
        reply_due_at -> Nullable<Ts>,
        draft_id -> Nullable<Text>,
        human_until -> Nullable<Ts>,
        fallback_at -> Nullable<Ts>,
        question -> Text,
        facts -> JsonText,
        held -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::{JsonText, Ts};

    messages (id) {
        id -> Text,
        conversation_id -> Text,
        direction -> Text,
        sender -> Text,
        body -> Text,
        media -> JsonText,
        status -> Text,
        message_sid -> Nullable<Text>,
        error_code -> Nullable<BigInt>,
        call_id -> Nullable<Text>,
        created_at -> Ts,
        sent_at -> Nullable<Ts>,
        label -> Text,
        reason -> Text,
        reactions -> JsonText,
        error_message -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    deliveries (message_sid) {
        message_sid -> Text,
        status -> Text,
        rank -> BigInt,
        error_code -> Nullable<BigInt>,
        error_message -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    text_backs (call_sid) {
        call_sid -> Text,
        tenant_id -> Text,
        customer -> Text,
        at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use store::types::Ts;

    opt_outs (tenant_id, customer) {
        tenant_id -> Text,
        customer -> Text,
        opted_out -> Bool,
        changed_at -> Nullable<Ts>,
        blocked -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::{JsonText, Ts};

    entries (id) {
        id -> Text,
        conversation_id -> Text,
        kind -> Text,
        at -> Ts,
        call_id -> Nullable<Text>,
        call_sid -> Nullable<Text>,
        detail -> JsonText,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    opt_out_evidence (id) {
        id -> Text,
        tenant_id -> Text,
        customer -> Text,
        number -> Text,
        wish -> Text,
        message_sid -> Text,
        body -> Text,
        source -> Text,
        at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use store::types::Ts;

    unreachable (tenant_id, customer) {
        tenant_id -> Text,
        customer -> Text,
        code -> BigInt,
        at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};

    contexts (tenant_id, number) {
        tenant_id -> Text,
        number -> Text,
        context -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{Double, Nullable, Text};
    use store::types::Ts;

    leads (id) {
        id -> Text,
        conversation_id -> Text,
        tenant_id -> Text,
        customer -> Text,
        status -> Text,
        value -> Nullable<Double>,
        notes -> Text,
        name -> Text,
        address -> Text,
        job -> Text,
        preferred_time -> Text,
        urgency -> Text,
        appointment_at -> Nullable<Ts>,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    bookings (id) {
        id -> Text,
        tenant_id -> Text,
        conversation_id -> Text,
        starts_at -> Ts,
        ends_at -> Ts,
        status -> Text,
        service -> Text,
        made_at -> Ts,
    }
}

diesel::joinable!(messages -> conversations (conversation_id));
diesel::allow_tables_to_appear_in_same_query!(conversations, messages, deliveries, opt_outs);
