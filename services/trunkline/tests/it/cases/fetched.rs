//! `kill -9` while a recording is fetched: it is fetched again, stored once, and nothing is left over.

use std::time::Duration;

use audio::{Encoding, Sound};
use objects::PART;
use sha2::{Digest, Sha256};
use testkit::S3;

use super::fixtures::{TAPED, caller, world};
use super::signatures::ringing;
use crate::local_platform::{
    ACCOUNT, LocalPlatform, Mode, Plan, Source, eventually, play, sid, so,
};

/// Four bytes are a moment of two channels.
const MOMENTS: usize = (2 * PART + 100_000) / 4;
/// Moments in a second.
const RATE: usize = 8_000;

pub async fn killed_in_mid_download_and_in_mid_upload_is_done_again_once(mode: Mode) {
    let samples = vec![77; MOMENTS];
    let file = Sound::stereo(&samples, &samples).to_wav(Encoding::Pcm16);
    let file = file.unwrap();
    let sha256: String = Sha256::digest(&file)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (source, bucket) = (Source::start(file), S3::start().await);
    let plan = Plan::new(mode, &world())
        .env(bucket.settings().map(|(name, it)| (name, it.to_owned())))
        .env([("TWILIO_API_BASE_URL", source.base.clone())]);
    play(plan.rough(), async |platform: &LocalPlatform| {
        source.stalls(true);
        let first = told(platform, &source, 1).await;
        eventually("a part was stored", async || {
            so(bucket.writes(&first.1) >= 2)
        })
        .await;
        platform.kill("recordings");
        source.stalls(false);
        platform.revive("recordings");
        is_stored_once(platform, &bucket, &first, &sha256).await;

        // An upload is begun, a part is stored, and the next one is under way.
        bucket.trouble.hang_after(2);
        let second = told(platform, &source, 2).await;
        eventually("a part hangs", async || so(bucket.trouble.hanging() > 0)).await;
        platform.kill("recordings");
        bucket.trouble.over();
        platform.revive("recordings");
        is_stored_once(platform, &bucket, &second, &sha256).await;
        platform.are_ready().await;
        assert!(source.asked() >= 4, "each was fetched again");
    })
    .await;
}

/// A call comes in, and Twilio tells of its recording: their SIDs.
async fn told(platform: &LocalPlatform, source: &Source, n: u32) -> (String, String) {
    let (call, recording, from) = (sid("CA"), sid("RE"), caller(n));
    let hook = ringing(platform.hook("/webhooks/twilio/call"), &call, &from, TAPED);
    assert_eq!(hook.send().await.status, 200);
    let url = format!(
        "{}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}",
        source.base
    );
    let seconds = (MOMENTS / RATE).to_string();
    let status = platform.hook("/recording/status").with(&[
        ("CallSid", &call),
        ("RecordingSid", &recording),
        ("RecordingUrl", &url),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", &seconds),
        ("RecordingChannels", "2"),
        ("RecordingSource", "StartCallRecordingTwiML"),
    ]);
    assert_eq!(status.send().await.status, 204);
    (call, recording)
}

async fn is_stored_once(
    platform: &LocalPlatform,
    bucket: &S3,
    told: &(String, String),
    sha256: &str,
) {
    let (call, recording) = told;
    let row = eventually("the recording is stored", async || {
        let call = platform.find(&format!("/calls/{call}")).await?;
        let all = call["recordings"].as_array()?;
        let stored = all.iter().find(|it| it["status"] == "completed").cloned();
        assert!(all.len() <= 1, "{all:#?}");
        stored
    })
    .await;
    assert_eq!(row["sha256"], sha256, "{row:#}");
    let keys = bucket.objects.list("recordings/taped/").await.unwrap();
    let keys: Vec<&str> = keys.iter().map(|it| it.key.as_str()).collect();
    let key = |ending: &str| format!("recordings/taped/{recording}.{ending}");
    let ours: Vec<&&str> = keys.iter().filter(|it| it.contains(recording)).collect();
    assert_eq!(ours, [&key("peaks.json").as_str(), &key("wav").as_str()]);
    let left = bucket.objects.sweep_uploads("", Duration::ZERO).await;
    assert_eq!(left, Ok(0), "no upload is left over");
}
