diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use store::types::Ts;

    effects (kind, id) {
        kind -> Text,
        id -> Text,
        entry -> Text,
        cause -> Text,
        tenant_id -> Text,
        account_sid -> Text,
        fingerprint -> Text,
        sender -> Text,
        recipient -> Text,
        state -> Text,
        attempts -> BigInt,
        asked -> Bool,
        reconciled -> Bool,
        sid -> Nullable<Text>,
        status -> Nullable<Text>,
        detail -> Nullable<Text>,
        code -> BigInt,
        reason -> Nullable<Text>,
        started_at -> Ts,
        lease_until -> Ts,
        settled_at -> Nullable<Ts>,
        doubt_until -> Nullable<Ts>,
        witness -> Nullable<Text>,
        repeated -> Bool,
        counted -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};
    use store::types::Ts;

    opt_outs (tenant_id, customer) {
        tenant_id -> Text,
        customer -> Text,
        opted_out -> Bool,
        changed_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use store::types::Ts;

    spending (tenant_id, kind, since) {
        tenant_id -> Text,
        kind -> Text,
        since -> Ts,
        amount -> BigInt,
        refused -> BigInt,
        most -> Nullable<BigInt>,
        limited_at -> Nullable<Ts>,
        limited_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use store::types::Ts;

    waiting (kind, id) {
        kind -> Text,
        id -> Text,
        tenant_id -> Text,
        account_sid -> Text,
        lane -> Text,
        urgent -> Bool,
        place -> BigInt,
        due_at -> Ts,
        #[sql_name = "let_in"]
        admitted -> Bool,
        since -> Nullable<Ts>,
        tries -> BigInt,
        repeats -> BigInt,
        envelope -> Binary,
    }
}
