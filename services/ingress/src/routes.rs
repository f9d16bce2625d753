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
        let (path, what) = (table[i].path, "A webhook of Twilio's");
        routes[i * 2] = Route::new(Method::Post, path, Access::Signature, what, || {
            web::to(webhook_handler::handle)
        });
        routes[i * 2 + 1] = Route::new(Method::Get, path, Access::Signature, what, || {
            web::to(webhook_handler::handle)
        });
        i += 1;
    }
    routes
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
