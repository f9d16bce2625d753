//! The webhooks as routes.

use actix_web::web;
use api::{Access, Method, Route};

use crate::webhook_handler;
use crate::webhooks::WEBHOOKS;

/// Two of each: Twilio asks with POST unless the number says GET.
pub const ROUTES: &[Route] = &{
    let mut routes = [Route::new(Method::Post, "", Access::Signature, "", || {
        web::to(webhook_handler::handle)
    }); WEBHOOKS.len() * 2];
    let mut i = 0;
    while i < WEBHOOKS.len() {
        let (path, what) = (WEBHOOKS[i].path, "A webhook of Twilio's");
        routes[i * 2] = Route::new(Method::Post, path, Access::Signature, what, || {
            web::to(webhook_handler::handle)
        });
        routes[i * 2 + 1] = Route::new(Method::Get, path, Access::Signature, what, || {
            web::to(webhook_handler::handle)
        });
        i += 1;
    }
    routes
};

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
                .all(|route| route.access == Access::Signature && row(route.path).is_some())
        );
    }
}
