#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this runs in tests only, and a test that fails says where"
)]

mod client;
mod event_recorder;
mod fields;
mod http;
mod keys;
mod log;
mod place;
mod proxy;
mod s3;
mod subscription;
mod sweep;
mod test_platform;
mod wait;

pub use client::client;
pub use event_recorder::{EventRecorder, MARK};
pub use fields::fields;
pub use http::send;
pub use keys::Keys;
pub use log::Log;
pub use place::{ADMIN, Mode, SERVICE, amqp_url, database_url};
pub use proxy::Proxy;
pub use s3::S3;
pub use subscription::subscription;
pub use test_platform::{TestPlatform, run};
pub use wait::{PATIENCE, eventually};

/// Gives a role's test app all that its field `platform` has.
#[macro_export]
macro_rules! has_platform {
    ($app:ty) => {
        impl std::ops::Deref for $app {
            type Target = $crate::TestPlatform;

            fn deref(&self) -> &$crate::TestPlatform {
                &self.platform
            }
        }
    };
}

/// Makes two tests of each case, `embedded::NAME` and `distributed::NAME`, or one where one [`Mode`] is named. A case is
/// a function of the test crate's module that is named; `run` is given the mode and the case.
#[macro_export]
#[expect(
    clippy::crate_in_macro_def,
    reason = "the cases are in the crate of the caller"
)]
macro_rules! suite {
    ($run:path; $($module:ident: $($case:ident),+ $(,)?;)*) => {
        mod embedded {
            $crate::suite! { $run, Embedded; $($module: $($case),+;)* }
        }
        mod distributed {
            $crate::suite! { $run, Distributed; $($module: $($case),+;)* }
        }
    };
    ($run:path, $mode:ident; $($module:ident: $($case:ident),+ $(,)?;)*) => { $($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() { $run($crate::Mode::$mode, crate::$module::$case).await }
    )+)* };
}
