//! The columns, as both engines have them.

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::Ts;

    operators (id) {
        id -> Text,
        name -> Text,
        login -> Text,
        password_hash -> Text,
        created_at -> Ts,
        signed_in_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    memberships (operator_id, tenant_id) {
        operator_id -> Text,
        tenant_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    sessions (hash) {
        hash -> Text,
        operator_id -> Text,
        key_hash -> Text,
        name -> Text,
        tenant_id -> Text,
        scopes -> Text,
        created_at -> Ts,
        seen_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use store::types::Ts;

    links (hash) {
        hash -> Text,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    audit (id) {
        id -> Text,
        at -> Ts,
        actor -> Text,
        tenant_id -> Text,
        action -> Text,
        subject -> Text,
    }
}
