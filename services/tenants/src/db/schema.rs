//! The role's tables, as Diesel knows them.

diesel::table! {
    use diesel::sql_types::{Binary, Bool, Nullable, Text};
    use store::types::{JsonText, Ts};

    tenants (id) {
        id -> Text,
        status -> Text,
        profile -> JsonText,
        notify_secret -> Nullable<Binary>,
        notify_by_operator -> Bool,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use store::types::Ts;

    accounts (account_sid) {
        account_sid -> Text,
        tenant_id -> Text,
        token -> Binary,
        older_token -> Nullable<Binary>,
        updated_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use store::types::Ts;

    numbers (id) {
        id -> Text,
        number -> Nullable<Text>,
        tenant_id -> Text,
        is_primary -> Bool,
        status -> Text,
        voice -> Text,
        sms -> Text,
        sid -> Nullable<Text>,
        suspended_by_operator -> Bool,
        created_at -> Ts,
        updated_at -> Ts,
        asked -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::Ts;

    keys (id) {
        id -> Text,
        name -> Text,
        tenant_id -> Nullable<Text>,
        scopes -> Text,
        hash -> Text,
        created_at -> Ts,
        expires_at -> Nullable<Ts>,
        last_used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    flows (tenant_id, name) {
        tenant_id -> Text,
        name -> Text,
        digest -> Text,
        updated_at -> Ts,
    }
}

diesel::joinable!(numbers -> tenants (tenant_id));
diesel::joinable!(accounts -> tenants (tenant_id));
diesel::allow_tables_to_appear_in_same_query!(tenants, accounts, numbers);

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use store::types::Ts;

    erasures (id) {
        id -> Text,
        tenant_id -> Text,
        subject -> Text,
        sealed -> Nullable<Binary>,
        requested_by -> Text,
        requested_at -> Ts,
        completed_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::{JsonText, Ts};

    erasure_parts (erasure_id, part) {
        erasure_id -> Text,
        part -> Text,
        counts -> JsonText,
        told_at -> Nullable<Ts>,
    }
}
