//! Whether the broker answers, what a platform costs it, and how many it has room for.

use bus::Bus;
use reqwest::Url;
use serde_json::Value;
use settings::Settings;

use super::report::{PATIENCE, Report};

/// The quorum queues of a platform of all roles: those of the roles, one for the dead letters, and one for each delay of
/// repeats. A test counts them.
const QUORUM_QUEUES: u64 = 70;
/// What RabbitMQ 3 reserves for a quorum queue with one member: two files for its log, and one for the member at its leader.
const HANDLES_EACH: u64 = 3;
/// What it keeps back of its limit for itself.
const KEPT_BACK: u64 = 100;
/// The limit that many systems start a process with.
const USUAL_LIMIT: u64 = 1024;
/// Where the management API is unless a setting says otherwise.
const MANAGEMENT_PORT: u16 = 15672;

/// Asks the broker of the settings.
pub(super) async fn check(settings: &Settings, report: &mut Report) {
    let Some(url) = &settings.amqp_url else {
        return report.ok("bus", "embedded in the data folder (AMQP_URL is unset)");
    };
    let config = bus::Config::Amqp {
        url: url.reveal().to_owned(),
        namespace: "trunkline.doctor".to_owned(),
    };
    let is_ready = match tokio::time::timeout(PATIENCE, Bus::connect(&config)).await {
        Ok(Ok(bus)) => {
            let ready = tokio::time::timeout(PATIENCE, bus.ready()).await.is_ok();
            // One that answers nothing would be waited for here, too.
            let _ = tokio::time::timeout(PATIENCE, bus.delete_namespace()).await;
            let _ = tokio::time::timeout(PATIENCE, bus.close()).await;
            ready
        }
        Ok(Err(e)) => {
            return report.fault("bus", format!("{}; check AMQP_URL", crate::with_source(&e)));
        }
        Err(_) => false,
    };
    if is_ready {
        report.ok("bus", "RabbitMQ answers");
    } else {
        report.fault(
            "bus",
            "RabbitMQ does not answer in time; check AMQP_URL, that the broker runs, and that it has file handles left (`rabbitmqctl status`)",
        );
    }
    room(settings, report).await;
}

/// What all roles together reserve.
const fn handles() -> u64 {
    QUORUM_QUEUES * HANDLES_EACH
}

/// How many platforms a broker with this limit has room for.
const fn fitting(limit: u64) -> u64 {
    limit.saturating_sub(KEPT_BACK) / handles()
}

/// Compares what a platform reserves with what the broker may open. AMQP does not tell; the management API does.
async fn room(settings: &Settings, report: &mut Report) {
    let needs = format!(
        "a platform of all roles has {QUORUM_QUEUES} quorum queues and reserves {} file handles on a RabbitMQ 3",
        handles()
    );
    let nodes = match management(settings) {
        Some((api, is_set)) => match nodes(&api).await {
            Ok(nodes) => nodes,
            Err(why) if is_set => {
                report.note(
                    "broker files",
                    format!("the management API does not tell ({why}); check AMQP_MANAGEMENT_URL"),
                );
                Vec::new()
            }
            Err(_) => Vec::new(),
        },
        None => Vec::new(),
    };
    if nodes.is_empty() {
        return report.note(
            "broker files",
            format!(
                "{needs}; AMQP does not tell the broker's limit: see `rabbitmqctl status` under File Descriptors, or set AMQP_MANAGEMENT_URL. A limit of {USUAL_LIMIT} has room for {}",
                fitting(USUAL_LIMIT)
            ),
        );
    }
    for Node { name, limit, used } in nodes {
        let words = format!(
            "{needs}; {name} may open {limit}, {used} are open: room for {} of this size in all",
            fitting(limit)
        );
        if fitting(limit) == 0 {
            report.fault(
                "broker files",
                format!("{words}; raise its limit (ulimit -n, or LimitNOFILE of its service)"),
            );
        } else {
            report.ok("broker files", words);
        }
    }
}

struct Node {
    name: String,
    limit: u64,
    used: u64,
}

/// Where the management API is, with the broker's own user, and whether a setting says so. Unasked, the password goes to
/// no other machine.
fn management(settings: &Settings) -> Option<(Url, bool)> {
    let broker = Url::parse(settings.amqp_url.as_ref()?.reveal()).ok()?;
    let set = settings.amqp_management_url.as_ref();
    let mut api = match set {
        Some(url) => Url::parse(url.reveal()).ok()?,
        None => {
            let host = broker.host_str()?;
            let is_ours = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
            let api = format!("http://{host}:{MANAGEMENT_PORT}/");
            is_ours.then(|| Url::parse(&api).ok()).flatten()?
        }
    };
    if api.username().is_empty() {
        api.set_username(broker.username()).ok()?;
        api.set_password(broker.password()).ok()?;
    }
    Some((api, set.is_some()))
}

async fn nodes(api: &Url) -> Result<Vec<Node>, String> {
    let base = api.as_str().trim_end_matches('/');
    let request = reqwest::Client::new()
        .get(format!("{base}/api/nodes"))
        .timeout(PATIENCE);
    let answer = request
        .send()
        .await
        .map_err(|e| crate::with_source(&e.without_url()))?;
    if !answer.status().is_success() {
        return Err(format!("it answers {}", answer.status().as_u16()));
    }
    let nodes: Vec<Value> = answer
        .json()
        .await
        .map_err(|e| crate::with_source(&e.without_url()))?;
    let node = |node: &Value| {
        Some(Node {
            name: node["name"].as_str()?.to_owned(),
            limit: node["fd_total"].as_u64()?,
            used: node["fd_used"].as_u64().unwrap_or_default(),
        })
    };
    Ok(nodes.iter().filter_map(node).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clock::Clock;
    use role::Parts;

    use super::*;
    use crate::roles::ROLES;

    fn settings(more: &[(&str, &str)]) -> Settings {
        let own = [
            ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests"),
            ("TRUNKLINE_ADMIN_API_KEY", "a-key-for-tests"),
            ("INTERNAL_SERVICE_KEY", "another-key-for-tests"),
        ];
        let env = own
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::load(&env.collect::<BTreeMap<_, _>>(), None).unwrap()
    }

    /// What is told of file handles is right only while this is.
    #[tokio::test]
    async fn platform_of_all_roles_has_as_many_quorum_queues_as_doctor_says() {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(&[]);
        settings.data_dir = dir.path().to_owned();
        settings.port = 0;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let parts = Parts::open(settings, Clock::system()).await.unwrap();
        let mut queues = Vec::new();
        for role in ROLES {
            let role = role.start(&parts).await.unwrap();
            queues.extend(role.queues().map(str::to_owned));
        }
        let own = queues.len() + 1 + bus::RETRY_DELAYS.len();
        assert_eq!(own as u64, QUORUM_QUEUES, "{queues:?}");
        // A broker as it comes has room for several.
        assert!(fitting(USUAL_LIMIT) >= 4);
        parts.stopping.cancel();
        parts.bus.close().await;
    }

    #[test]
    fn management_address_follows_the_broker_only_on_this_machine() {
        let of = |more: &[(&str, &str)]| {
            management(&settings(more)).map(|(url, is_set)| (url.to_string(), is_set))
        };
        let near = ("AMQP_URL", "amqp://u:p%2fw@127.0.0.1:5672/%2f");
        let far = ("AMQP_URL", "amqps://u:p@mq.example:5671/%2f");
        let api = ("AMQP_MANAGEMENT_URL", "https://mq.example:15671");
        let with = |url: &str| Some((url.to_owned(), true));
        assert_eq!(
            of(&[near]),
            Some(("http://u:p%2fw@127.0.0.1:15672/".to_owned(), false))
        );
        assert_eq!(of(&[far]), None);
        assert_eq!(of(&[far, api]), with("https://u:p@mq.example:15671/"));
        let own = ("AMQP_MANAGEMENT_URL", "https://reader:x@mq.example/mq");
        assert_eq!(of(&[far, own]), with("https://reader:x@mq.example/mq"));
    }
}
