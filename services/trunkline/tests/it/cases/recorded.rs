//! Calls that are recorded as a whole.

use reqwest::Method;
use serde_json::{Value, json};

use super::calls::is_answered;
use super::fixtures::{TAPED, TAPED_MP3, TAPED_MP3_OWNER, TAPED_OWNER, caller, world};
use crate::local_platform::{ADMIN, LocalPlatform, Mode, Plan, eventually, play};

/// The recordings of a call, once there are so many that are stored.
async fn recordings(platform: &LocalPlatform, sid: &str, count: usize) -> Vec<Value> {
    eventually("the recordings are stored", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        let all = call["recordings"].as_array()?.clone();
        let stored = all.iter().filter(|it| it["status"] == "completed").count();
        (stored == count).then_some(all)
    })
    .await
}

pub async fn forwarded_call_is_announced_recorded_stored_and_played(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let said = ["The boiler is dead.", "We come at five."];
            said.iter().for_each(|words| platform.secret(words));
            let callee = json!({
                "behaviour": "answer", "after_s": 2,
                "steps": [
                    { "wait_for": "recorded" },
                    { "pause": { "seconds": 6 } },
                    { "speak": { "text": said[1] } },
                    { "hang_up": {} },
                ],
            });
            platform.twilio.callee(TAPED_OWNER, callee).await;
            let steps = json!([
                { "wait_for": "recorded" },
                { "pause": { "seconds": 6 } },
                { "speak": { "text": said[0] } },
            ]);
            let from = caller(1);
            let sid = platform.twilio.call(&from, TAPED, steps).await;
            let view = platform.twilio.over(&sid).await;
            is_answered(platform, &sid, &from).await;
            assert!(
                view["heard"].to_string().contains("being recorded"),
                "{view:#}"
            );
            assert!(
                view["legs"][0]["heard"]
                    .to_string()
                    .contains("being recorded"),
                "{view:#}"
            );

            let all = recordings(platform, &sid, 1).await;
            let it = &all[0];
            assert_eq!(
                (&it["recording_type"], &it["channels"], &it["format"]),
                (&json!("twilio"), &json!(2), &json!("wav")),
                "{it:#}"
            );
            assert_eq!(it["metadata"]["source"], "twilio", "{it:#}");
            let path = format!("/calls/{sid}/recording/{}", it["id"].as_str().unwrap());
            let size = usize::try_from(it["size_bytes"].as_u64().unwrap()).unwrap();

            let whole = platform.file(&path, Some(ADMIN), None).await;
            assert_eq!((whole.status, whole.kind.as_str()), (200, "audio/wav"));
            assert_eq!(whole.bytes.len(), size);
            let sound = audio::Sound::read(&whole.bytes).unwrap();
            let seconds = it["duration_s"].as_f64().unwrap();
            assert!(
                (sound.seconds() - seconds).abs() < 0.01,
                "{} {seconds}",
                sound.seconds()
            );
            for (channel, words) in said.iter().enumerate() {
                let channel = audio::Sound::mono(sound.channel(u16::try_from(channel).unwrap()));
                let heard = channel.heard().unwrap_or_default();
                assert!(heard.contains(words), "{heard}");
            }
            let play = format!("{path}/play");
            let part = platform.file(&play, Some(ADMIN), Some("bytes=44-99")).await;
            assert_eq!(
                (part.status, part.range.as_str()),
                (206, format!("bytes 44-99/{size}").as_str())
            );
            assert_eq!(part.bytes, whole.bytes[44..=99]);
            let beyond = platform
                .file(&play, Some(ADMIN), Some("bytes=99999999-"))
                .await;
            assert_eq!(beyond.status, 416);
            let peaks = platform.get(&format!("{path}/peaks")).await;
            let channels = peaks["channels"].as_array().unwrap();
            assert_eq!((channels.len(), &peaks["per_second"]), (2, &json!(100)));

            // Without a key there is nothing; with a signed address there is, until it expires.
            assert_eq!(platform.file(&path, None, None).await.status, 401);
            let (status, link) = platform
                .post(&format!("{path}/link"), json!({ "valid_s": 60 }))
                .await;
            assert_eq!(status, 200, "{link}");
            let url = link["url"].as_str().unwrap();
            let signed = &url[url.find("/calls/").unwrap()..];
            assert_eq!(platform.file(signed, None, None).await.bytes, whole.bytes);
            let forged = signed.replace("expires=", "expires=9");
            assert_eq!(platform.file(&forged, None, None).await.status, 403);

            let (status, _) = platform.ask(Method::DELETE, &path, ADMIN, None).await;
            assert_eq!(status, 204);
            assert_eq!(platform.file(&path, Some(ADMIN), None).await.status, 409);
            eventually("the call tells that it was deleted", async || {
                let call = platform.find(&format!("/calls/{sid}")).await?;
                (call["recordings"][0]["status"] == "deleted").then_some(())
            })
            .await;
            let (status, _) = platform.ask(Method::DELETE, &path, ADMIN, None).await;
            assert_eq!(status, 204, "deleting it again changes nothing");
        },
    )
    .await;
}

pub async fn tenant_with_format_mp3_has_mp3_in_the_store(mode: Mode) {
    play(Plan::new(mode, &world()), async |platform: &LocalPlatform| {
        let said = "The boiler is dead.";
        platform.secret(said);
        let callee = json!({ "behaviour": "answer", "after_s": 1, "talk_s": 8 });
        platform.twilio.callee(TAPED_MP3_OWNER, callee).await;
        let steps = json!([{ "wait_for": "recorded" }, { "pause": { "seconds": 4 } }, { "speak": { "text": said } }]);
        let from = caller(2);
        let sid = platform.twilio.call(&from, TAPED_MP3, steps).await;
        platform.twilio.over(&sid).await;
        let it = &recordings(platform, &sid, 1).await[0];
        assert_eq!(
            (&it["format"], &it["channels"]),
            (&json!("mp3"), &json!(2)),
            "{it:#}"
        );
        let path = format!("/calls/{sid}/recording/{}", it["id"].as_str().unwrap());
        let whole = platform.file(&format!("{path}/play"), Some(ADMIN), None).await;
        assert_eq!((whole.status, whole.kind.as_str()), (200, "audio/mpeg"));
        // By its bytes: an MPEG frame, and as long as the row says.
        assert_eq!(whole.bytes[0], 0xFF);
        assert_eq!(whole.bytes[1] & 0xE0, 0xE0);
        let sound = audio::Sound::read(&whole.bytes).unwrap();
        let seconds = it["duration_s"].as_f64().unwrap();
        assert!((sound.seconds() - seconds).abs() < 0.01, "{seconds}");
        let heard = audio::Sound::mono(sound.channel(0)).heard();
        assert!(heard.unwrap_or_default().contains(said));
        let peaks = platform.get(&format!("{path}/peaks")).await;
        let channels = peaks["channels"].as_array().unwrap();
        assert_eq!(channels.len(), 2);
        let hundredths = channels[0].as_array().unwrap().len();
        assert!((seconds * 100.0 - f64::from(u32::try_from(hundredths).unwrap())).abs() <= 1.0);
    })
    .await;
}
