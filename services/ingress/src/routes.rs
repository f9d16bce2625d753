//! The webhooks as routes.

use actix_web::web;
use api::{Access, Method, Route};

use crate::webhook_handler;
use crate::webhooks::{WEBHOOKS, Webhook};

/// The routes of the table.
pub const ROUTES: &[Route] = &for_table::<{ WEBHOOKS.len() * 2 }>(WEBHOOKS);

/// Two of each row: Twilio asks with POST unless the number says GET.
pub const fn for_table<const N: usize>(table: &[Webhook]) -> [Route; N] {
    assert!(N == table.len() * 2, "a row has two routes");
    let mut routes = [Route::new(Method::Post, "", Access::Signature, "", || {
        web::to(webhook_handler::handle)
    }); N];
    let mut i = 0;
    while i < table.len() {
        routes[i * 2] = route(Method::Post, &table[i]);
        routes[i * 2 + 1] = route(Method::Get, &table[i]);
        i += 1;
    }
    routes
}

const fn route(method: Method, row: &Webhook) -> Route {
    let what = "A webhook of Twilio's";
    let route = Route::new(method, row.path, Access::Signature, what, || {
        web::to(webhook_handler::handle)
    });
    match row.query {
        Some(query) => route.asks(query),
        None => route,
    }
}

#[cfg(test)]
mod tests {
    use crate::webhooks::row;

    use super::*;

    #[test]
    fn every_row_has_its_two_routes() {
        assert_eq!(ROUTES.len(), WEBHOOKS.len() * 2);
        assert!(
            ROUTES
                .iter()
                .all(|route| route.access == Access::Signature
                    && row(WEBHOOKS, route.path).is_some())
        );
    }
}
