//! Events as JSON, for people: `trunkline events tail`, the live feed, `notify_url`.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use crate::{Envelope, entry};

static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).ok());

/// The compiled contracts: a serialised `FileDescriptorSet`.
pub fn descriptors() -> &'static [u8] {
    DESCRIPTORS
}

/// The envelope as JSON: the CloudEvents attributes by their names, and `data` decoded by the contract
/// with the proto's field names. Data that does not decode is `null`.
pub fn to_json(event: &Envelope) -> Value {
    json!({
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.kind,
        "time": event.time,
        "tenant": event.tenant,
        "subject": event.key,
        "cause": event.cause,
        "data": data_json(event).unwrap_or(Value::Null),
    })
}

fn data_json(event: &Envelope) -> Option<Value> {
    let descriptor = POOL
        .as_ref()?
        .get_message_by_name(entry(&event.kind)?.message)?;
    let message = DynamicMessage::decode(descriptor, event.data.clone()).ok()?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Call, CallMissed};
    use crate::{CATALOGUE, Event};
    use clock::Clock;

    #[test]
    fn every_event_can_be_shown() {
        let call = Call {
            call_sid: "CA1".into(),
            ..Default::default()
        };
        let missed = CallMissed {
            call: Some(call),
            reason: "busy".into(),
            ..Default::default()
        };
        let shown = to_json(&Envelope::new("trunkline/calls", &Clock::system(), &missed));
        assert_eq!(shown["type"], CallMissed::TYPE);
        assert_eq!(shown["data"]["call"]["call_sid"], "CA1");
    }

    #[test]
    fn types_are_unique_and_known() {
        let mut kinds: Vec<_> = CATALOGUE.iter().map(|e| e.kind).collect();
        let all = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), all);
        let pool = POOL.as_ref().unwrap();
        assert!(
            CATALOGUE
                .iter()
                .all(|e| pool.get_message_by_name(e.message).is_some())
        );
    }
}
