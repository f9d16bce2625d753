//! Which numbers forward where, when a document is applied.

use std::collections::BTreeMap;

use phone::E164;

use super::document::Document;
use super::planned::Known;
use crate::db::model::enums::VoiceApp;
use crate::db::tenants::Forwarder;

/// Every number that forwards, as it will be when the document is applied.
pub(super) fn forwarders(document: &Document, known: &Known) -> BTreeMap<E164, Forwarder> {
    let mut all = known.forwarders.clone();
    let here = known.numbers.iter().filter_map(|it| {
        let spec = document
            .tenants
            .iter()
            .find(|spec| spec.id == it.tenant_id)?;
        Some((it.number.clone()?, &it.voice, spec))
    });
    let listed = document.tenants.iter().flat_map(|spec| {
        let numbers = spec.numbers.iter();
        numbers.map(move |it| (it.number.clone(), it.voice.as_ref(), spec))
    });
    let here = here.map(|(number, voice, spec)| (number, Some(voice), spec));
    for (number, voice, spec) in here.chain(listed) {
        // Unsaid: as it is, and forward when new.
        let forwards = voice.map_or_else(
            || known_voice(known, &number).is_none_or(|voice| *voice == VoiceApp::Forward),
            |voice| *voice == VoiceApp::Forward,
        );
        if forwards {
            let (tenant, to) = (spec.id.clone(), spec.profile.forward_to.clone());
            all.insert(number, Forwarder { tenant, to });
        } else {
            all.remove(&number);
        }
    }
    all
}

fn known_voice<'a>(known: &'a Known, number: &E164) -> Option<&'a VoiceApp> {
    let mut numbers = known.numbers.iter();
    let found = numbers.find(|it| it.number.as_ref() == Some(number));
    found.map(|it| &it.voice)
}
