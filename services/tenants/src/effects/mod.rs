//! What touches the world: look-ups behind a cache, the queries of other roles, changes with their announcements,
//! purchases of numbers, and posts to tenants' own addresses.

pub mod inbound;
pub mod listening;
pub mod lookups;
pub mod notify;
mod numbers;
pub mod provision;
pub mod queries;
pub mod registry;
