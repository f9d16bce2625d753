//! What hearing costs on a noisy line.

use std::time::Instant;

use audio::VoiceDetector;

use super::corpus::Scene;

/// What it takes to judge a frame of a noisy line; those of a quiet one are not judged.
pub fn judged_us(scene: &Scene) -> f64 {
    let mut detector = VoiceDetector::new();
    let began = Instant::now();
    let likely: f32 = scene.frames.iter().map(|frame| detector.judge(frame)).sum();
    let took = began.elapsed().as_secs_f64() * 1e6;
    // Or the compiler leaves it out.
    std::hint::black_box(likely);
    took / scene.frames.len().max(1) as f64
}
