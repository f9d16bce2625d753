//! Documents to text, text to documents, and there and back.

mod reading;
mod round_trip;
mod writing;
