//! Why a case failed, told once more after all logs: a report that is cut may have lost where it was told first.

use std::any::Any;
use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From here on it is remembered where a panic came from: whoever catches one learns only what it says.
pub fn remember_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            // A thread that is about to end has none any more.
            let _ = PLACE.try_with(|known| known.replace(place.unwrap_or_default()));
            before(info);
        }));
    });
}

/// Where a panic came from that this thread has just caught, and what it says.
pub fn reason(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
    let place = PLACE.with_borrow(String::clone);
    format!("{place}: {}", said.unwrap_or("a panic without words"))
}

#[expect(clippy::print_stdout, reason = "a failed test shows why")]
pub fn tell(reason: &str) {
    println!("--- why this case failed, once more\n{reason}");
}

#[test]
fn caught_panic_has_its_place_and_its_words() {
    remember_places();
    let caught = panic::catch_unwind(|| panic!("one {} three", "two")).unwrap_err();
    let told = reason(caught.as_ref());
    assert!(told.contains("failure.rs:"), "{told}");
    assert!(told.ends_with("one two three"), "{told}");
}
