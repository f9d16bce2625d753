//! Live tracks, and the mix that Twilio's recording replaces.

use std::sync::Arc;

use audio::{Encoding, RATE, Sound};
use events::v1::{RecordingSettings, RecordingStored};
use recordings::test_support::RecordingRow;
use testkit::eventually;

use crate::test_app::{CALL, RECORDING, TestApp, sound, track};
use crate::twilio::Answer;

/// The mix is Twilio's now, whichever came first.
async fn is_replaced(app: &TestApp) {
    let rows = app
        .row_is(|rows| {
            let shown = rows.iter().filter(|row| row.status == "completed");
            let mixed = shown.filter(|row| row.recording_type == "mixed");
            mixed.filter(|row| row.recording_sid == RECORDING).count() == 1
        })
        .await;
    let mixed = rows
        .iter()
        .find(|row| row.status == "completed" && row.recording_type == "mixed");
    let mixed = mixed.unwrap();
    assert_eq!((mixed.channels, mixed.duration_ms), (2, Some(2_000)));
    assert_eq!(
        mixed.object_key,
        format!("recordings/smith/{RECORDING}.wav")
    );
    let facts = &mixed.metadata.0;
    assert_eq!(
        (&facts["source"], &facts["original_source"]),
        (&"twilio_override".into(), &"s3".into())
    );
    assert_eq!(facts["original"]["key"], "recordings/smith/mixed.wav");
    eventually("the last that is told of the mix is Twilio's", async || {
        let told = app.stored();
        let last = told.iter().rfind(|it| it.recording_type == "mixed");
        last.is_some_and(|it| it.recording_sid == RECORDING && it.id == mixed.id)
    })
    .await;
}

pub async fn live_mix_is_replaced_by_twilios(app: Arc<TestApp>) {
    for kind in ["user", "assistant", "mixed"] {
        app.publish(&track(kind)).await;
    }
    app.heard::<RecordingStored>(3).await;
    app.recorded([Answer::Sound(sound())]).await;
    is_replaced(&app).await;
    let shown = app
        .rows()
        .await
        .into_iter()
        .filter(|row| row.status == "completed");
    let mut types: Vec<String> = shown.map(|row| row.recording_type).collect();
    types.sort();
    assert_eq!(types, ["assistant", "mixed", "user"]);
}

pub async fn live_mix_that_comes_late_is_replaced(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    app.is("completed").await;
    app.publish(&track("mixed")).await;
    is_replaced(&app).await;
    app.publish(&track("mixed")).await;
    is_replaced(&app).await;
}

pub async fn track_of_another_tenant_is_refused(app: Arc<TestApp>) {
    app.started(CALL).await;
    let mut foreign = track("mixed");
    foreign.tenant_id = "jones".into();
    app.call_is_known().await;
    app.publish(&foreign).await;
    app.publish(&track("user")).await;
    app.heard::<RecordingStored>(1).await;
    let rows = app.rows().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].recording_type, "user");
}

/// What two people say, each for 12 seconds.
fn said() -> [Vec<i16>; 2] {
    let quiet = |seconds: usize| vec![0; seconds * RATE as usize];
    let caller = [
        audio::speech("good morning to you all", Some(5.0)),
        quiet(3),
        audio::speech("goodbye", Some(4.0)),
    ];
    let callee = [
        quiet(5),
        audio::speech("the same to you", Some(3.0)),
        quiet(4),
    ];
    [caller.concat(), callee.concat()]
}

/// Puts a live track into the store and tells of it. It began half a second later than Twilio's recording.
async fn heard_live(app: &TestApp, kind: &str, samples: Vec<i16>) {
    let track = track(kind);
    let late = samples[RATE as usize / 2..].to_vec();
    let file = Sound::mono(late).to_wav(Encoding::MuLaw).unwrap();
    let put = app.objects().put(&track.key, file, "audio/wav").await;
    put.unwrap();
    app.publish(&track).await;
}

/// The rows, once each of these types has been compared.
async fn compared(app: &TestApp, types: &[&str]) -> Vec<RecordingRow> {
    let is_compared = |row: &&RecordingRow| {
        row.status == "completed" && row.metadata.0["comparison"]["at"].is_string()
    };
    let rows = app
        .row_is(|rows| {
            let done = rows.iter().filter(is_compared);
            done.filter(|row| types.contains(&row.recording_type.as_str()))
                .count()
                == types.len()
        })
        .await;
    rows.into_iter().filter(|row| is_compared(&row)).collect()
}

pub async fn live_tracks_are_compared_with_twilios_and_the_replaced_one_is_erased(
    app: Arc<TestApp>,
) {
    let [caller, callee] = said();
    let mut both = caller.clone();
    audio::level::mix_into(&mut both, &callee);
    for (kind, samples) in [("user", &caller), ("assistant", &callee), ("mixed", &both)] {
        heard_live(&app, kind, samples.clone()).await;
    }
    app.heard::<RecordingStored>(3).await;
    let twilios = Sound::stereo(&caller, &callee).to_wav(Encoding::Pcm16);
    app.recorded([Answer::Sound(twilios.unwrap())]).await;
    for row in compared(&app, &["user", "assistant", "mixed"]).await {
        let found = &row.metadata.0["comparison"];
        let offset = found["offset_s"].as_f64().unwrap();
        assert!(
            (offset + 0.5).abs() < 0.03,
            "{} {found}",
            row.recording_type
        );
        assert!(found["similarity"].as_f64().unwrap() > 0.9, "{found}");
        assert_eq!(found["verified"], true, "{} {found}", row.recording_type);
        // Only the live one lacks something: what came before it began.
        for gap in found["gaps"].as_array().unwrap() {
            assert_eq!(gap["missing"], "live", "{found}");
        }
        let is_mix = row.recording_type == "mixed";
        assert_eq!(row.metadata.0["original"]["erased"] == true, is_mix);
    }
    eventually("the original that was replaced is gone", async || {
        let keys = app.keys_in_store().await;
        !keys.contains(&"recordings/smith/mixed.wav".to_owned())
    })
    .await;
    assert!(
        app.keys_in_store()
            .await
            .contains(&"recordings/smith/user.wav".to_owned())
    );
    eventually("the comparison is told", async || {
        app.stored()
            .iter()
            .any(|it| it.metadata.contains("similarity"))
    })
    .await;
}

pub async fn recording_that_lacks_something_is_told_and_both_are_kept(app: Arc<TestApp>) {
    let [caller, callee] = said();
    let mut both = caller.clone();
    audio::level::mix_into(&mut both, &callee);
    heard_live(&app, "mixed", both).await;
    // Twilio's has lost two seconds of the callee, and the live one comes with it.
    let mut holed = callee;
    holed[RATE as usize * 11 / 2..RATE as usize * 15 / 2].fill(0);
    let twilios = Sound::stereo(&caller, &holed).to_wav(Encoding::Pcm16);
    app.recorded([Answer::Sound(twilios.unwrap())]).await;
    let rows = compared(&app, &["mixed"]).await;
    let found = &rows[0].metadata.0["comparison"];
    assert_eq!(found["verified"], false, "{found}");
    let lost: Vec<_> = found["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|gap| gap["missing"] == "twilio")
        .collect();
    assert_eq!(lost.len(), 1, "{found}");
    let (from, seconds) = (
        lost[0]["from_s"].as_f64().unwrap(),
        lost[0]["seconds"].as_f64().unwrap(),
    );
    // In the live one's time.
    assert!(
        (4.9..5.4).contains(&from) && (1.4..2.1).contains(&seconds),
        "{found}"
    );
    assert!(
        app.keys_in_store()
            .await
            .contains(&"recordings/smith/mixed.wav".to_owned()),
        "the original is kept"
    );
}

pub async fn replaced_mix_is_kept_under_legal_hold(app: Arc<TestApp>) {
    app.wants(RecordingSettings {
        legal_hold: true,
        ..RecordingSettings::default()
    });
    let [caller, callee] = said();
    let mut both = caller.clone();
    audio::level::mix_into(&mut both, &callee);
    heard_live(&app, "mixed", both).await;
    let twilios = Sound::stereo(&caller, &callee).to_wav(Encoding::Pcm16);
    app.recorded([Answer::Sound(twilios.unwrap())]).await;
    let rows = compared(&app, &["mixed"]).await;
    assert_eq!(rows[0].metadata.0["comparison"]["verified"], true);
    assert_eq!(
        rows[0].metadata.0["original"]["key"],
        "recordings/smith/mixed.wav"
    );
    let kept = app.objects().head("recordings/smith/mixed.wav").await;
    assert!(kept.unwrap().is_some());
}

pub async fn live_track_that_is_not_in_the_store_is_not_compared(app: Arc<TestApp>) {
    app.publish(&track("user")).await;
    app.recorded([Answer::Sound(sound())]).await;
    let rows = compared(&app, &["user"]).await;
    assert_eq!(rows[0].metadata.0["comparison"]["reason"], "gone");
}
