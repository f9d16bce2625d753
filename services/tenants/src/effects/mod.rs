//! What touches the world: look-ups behind a cache, the queries of other roles, changes with their announcements,
//! purchases of numbers, and posts to tenants' own addresses.

pub mod expected;
pub mod inbound;
mod knowledge;
pub mod lookups;
pub mod notify;
pub mod notify_queues;
mod numbers;
pub mod provision;
pub mod queries;
pub mod registry;
pub mod retention;
pub mod webhooks;
