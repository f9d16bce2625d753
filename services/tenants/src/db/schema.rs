//! The role's tables, as Diesel knows them.

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use store::types::{JsonText, Ts};

    tenants (id) {
        id -> Text,
        status -> Text,
        profile -> JsonText,
        notify_secret -> Nullable<Binary>,
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
        created_at -> Ts,
        updated_at -> Ts,
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
