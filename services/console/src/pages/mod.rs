//! The pages: each a struct with its template, filled from the other roles' API.

pub mod analytics;
mod attention;
pub mod call;
pub mod calls;
mod chart;
mod charts;
pub mod compare;
pub mod conversations;
mod days;
mod diff;
mod doctor;
mod figure;
mod figures;
pub mod flow;
pub mod flow_form;
pub mod flows;
pub mod format;
pub mod interview;
pub mod interviews;
pub mod keys;
pub mod numbers;
pub mod operating;
pub mod operators;
pub mod overview;
pub mod phone;
mod recording;
mod shapes;
pub mod tenant_form;
mod tenant_parts;
mod tenants;
mod threads;
mod timeline;
mod transcript;
mod turns;
pub mod webhooks;

pub use tenants::show as tenant;
