//! What Twilio answers by itself to the words that `webhook` knows (specification, section 7.2).

use webhook::Keyword;

pub(crate) fn reply(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::Stop => {
            "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
        }
        Keyword::Start => {
            "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe."
        }
        Keyword::Help => "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    }
}
