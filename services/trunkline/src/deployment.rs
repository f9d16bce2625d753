//! The roles as what deploys them needs to know them: `deploy/chart/roles.json`, from which the reverse proxies, the compose
//! files and the chart are made.

use std::collections::BTreeSet;

use serde_json::json;

use role::RoleSpec;

/// What no path names goes there.
const DEFAULT_ROLE: &str = "ingress";

/// These roles, as the file has them.
pub fn role_list(all: &[RoleSpec]) -> String {
    let roles: Vec<_> = all
        .iter()
        .map(|role| json!({ "name": role.name, "schema": role.migrations.is_some() }))
        .collect();
    let routes: Vec<(&str, &str)> = all
        .iter()
        .flat_map(RoleSpec::tables)
        .flat_map(|(role, routes)| routes.iter().map(move |route| (role, route.path)))
        .collect();
    let paths: Vec<_> = prefixes(&routes)
        .into_iter()
        .map(|(path, role)| json!({ "path": path, "role": role }))
        .collect();
    format!("{:#}", json!({ "roles": roles, "paths": paths }))
}

/// For each route the shortest beginning of its path that no other role's route shares, the longest first, so that
/// `/calls/{id}/recording` of one role stands before `/calls` of another.
fn prefixes(routes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    for (role, path) in routes.iter().filter(|(role, _)| *role != DEFAULT_ROLE) {
        let segments = segments(path);
        let shared = |n: usize| {
            routes
                .iter()
                .any(|(other, path)| other != role && begins(&self::segments(path), &segments[..n]))
        };
        // A beginning that is shared all the way is the other's too, which then has a longer one.
        let length = (1..=segments.len()).find(|n| !shared(*n)).unwrap_or(
            segments
                .iter()
                .position(|s| s.starts_with('{'))
                .unwrap_or(segments.len()),
        );
        found.insert((
            format!("/{}", segments[..length].join("/")),
            (*role).to_owned(),
        ));
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(path, _)| std::cmp::Reverse(path.matches('/').count()));
    found
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|s| !s.is_empty()).collect()
}

/// Whether a path begins with these segments; a `{name}` is any.
fn begins(path: &[&str], with: &[&str]) -> bool {
    let same = |(a, b): (&&str, &&str)| a == b || (a.starts_with('{') && b.starts_with('{'));
    path.len() >= with.len() && path.iter().zip(with).all(same)
}

#[cfg(test)]
mod tests {
    use crate::roles::ROLES;

    use super::*;

    #[test]
    fn role_list_is_the_one_that_is_deployed() {
        let file = include_str!("../../../deploy/chart/roles.json");
        assert_eq!(
            file.trim_end(),
            role_list(ROLES),
            "deploy/chart/roles.json is not up to date: run `make deploy-files`"
        );
    }

    #[test]
    fn path_inside_another_roles_path_comes_first() {
        let routes = [
            ("calls", "/calls/"),
            ("calls", "/calls/{id}"),
            ("recordings", "/calls/{call}/recording/{rid}"),
            ("ingress", "/webhooks/twilio/call"),
        ];
        let wanted = [
            ("/calls/{call}/recording", "recordings"),
            ("/calls", "calls"),
        ];
        assert_eq!(
            prefixes(&routes),
            wanted.map(|(p, r)| (p.to_owned(), r.to_owned()))
        );
    }

    #[test]
    fn path_below_a_shared_word_is_told_apart() {
        let routes = [
            ("tenants", "/api/tenants/{id}"),
            ("egress", "/api/effects/"),
        ];
        let wanted = [("/api/effects", "egress"), ("/api/tenants", "tenants")];
        assert_eq!(
            prefixes(&routes),
            wanted.map(|(p, r)| (p.to_owned(), r.to_owned()))
        );
    }
}
