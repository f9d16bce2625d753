//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

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
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    deliveries (message_sid) {
        message_sid -> Text,
        status -> Text,
        rank -> BigInt,
        error_code -> Nullable<BigInt>,
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
    }
}

diesel::allow_tables_to_appear_in_same_query!(conversations, messages, deliveries, opt_outs);
