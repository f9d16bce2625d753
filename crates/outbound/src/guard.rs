//! The resolver that gives only addresses that may be connected to.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{Reach, Refused};

/// Looks names up and keeps back what must not be connected to. The connection goes to what it gives, so nobody asks
/// a second time.
pub(crate) struct Guard {
    pub(crate) reach: Reach,
    pub(crate) names: Arc<dyn Names>,
}

/// How a name is looked up.
pub(crate) trait Names: Send + Sync {
    /// Every address of a host, with port 0.
    fn look_up(&self, host: String) -> Looked;
}

/// A look-up under way.
pub(crate) type Looked =
    std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;

/// As the machine looks names up.
pub(crate) struct System;

impl Names for System {
    fn look_up(&self, host: String) -> Looked {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.collect())
        })
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, looking) = (self.reach, self.names.look_up(name.as_str().to_owned()));
        Box::pin(async move {
            let found = looking.await?;
            let mut why = None;
            let admitted: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| match reach.connects(address.ip()) {
                    Ok(()) => true,
                    Err(refused) => {
                        why.get_or_insert(refused);
                        false
                    }
                })
                .collect();
            match (admitted.is_empty(), why) {
                (true, Some(refused)) => Err(refused.into()),
                _ => Ok(Box::new(admitted.into_iter()) as Addrs),
            }
        })
    }
}

/// The refusal somewhere behind an error.
pub(crate) fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<Refused> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(*refused);
        }
        next = error.source();
    }
    None
}
