//! Twilio's REST API 2010-04-01 (specification, section 6).

mod accounts;
mod answers;
mod available;
mod calls;
mod dates;
mod events;
mod keys;
mod messages;
mod numbers;
mod paging;
mod places;
mod recordings;

use crate::http::Verb::{Delete, Get, Post};
use crate::http::{Access, Endpoint, Exchange, Reply, Verb};
use answers::{formatted, missing};

/// Every resource that the emulator has.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    own(Get, "/2010-04-01/Accounts/{account}.json", accounts::fetch),
    own(Get, "/2010-04-01/Accounts/{account}/Keys.json", keys::list),
    own(
        Post,
        "/2010-04-01/Accounts/{account}/Keys.json",
        keys::create,
    ),
    own(
        Get,
        "/2010-04-01/Accounts/{account}/Keys/{sid}.json",
        keys::fetch,
    ),
    own(
        Post,
        "/2010-04-01/Accounts/{account}/Keys/{sid}.json",
        keys::update,
    ),
    own(
        Delete,
        "/2010-04-01/Accounts/{account}/Keys/{sid}.json",
        keys::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Calls.json",
        calls::list,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/Calls.json",
        calls::create,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Calls/{sid}.json",
        calls::fetch,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/Calls/{sid}.json",
        calls::update,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Calls/{sid}.json",
        calls::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Recordings.json",
        recordings::list,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Recordings/{sid}.json",
        recordings::fetch,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Recordings/{sid}.json",
        recordings::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Recordings/{sid}.wav",
        recordings::media,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Recordings/{sid}.mp3",
        recordings::mp3,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Recordings/{sid}",
        recordings::media,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Recordings/{sid}",
        recordings::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Calls/{call}/Recordings.json",
        recordings::list,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/Calls/{call}/Recordings.json",
        recordings::create,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Calls/{call}/Recordings/{sid}.json",
        recordings::fetch,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/Calls/{call}/Recordings/{sid}.json",
        recordings::update,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Calls/{call}/Recordings/{sid}.json",
        recordings::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Messages.json",
        messages::list,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/Messages.json",
        messages::create,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Messages/{sid}.json",
        messages::fetch,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/Messages/{sid}.json",
        messages::update,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Messages/{sid}.json",
        messages::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Messages/{sid}/Media.json",
        messages::media_list,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}.json",
        messages::media_fetch,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}",
        messages::media_content,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}.json",
        messages::media_delete,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}",
        messages::media_delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json",
        numbers::list,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json",
        numbers::create,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json",
        numbers::fetch,
    ),
    row(
        Post,
        "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json",
        numbers::update,
    ),
    row(
        Delete,
        "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json",
        numbers::delete,
    ),
    row(
        Get,
        "/2010-04-01/Accounts/{account}/AvailablePhoneNumbers/{country}/{kind}.json",
        available::search,
    ),
];

const fn row(
    verb: Verb,
    path: &'static str,
    handler: fn(&Exchange) -> Result<Reply, Reply>,
) -> Endpoint {
    Endpoint {
        verb,
        path,
        access: Access::Account,
        handler,
    }
}

/// A row for the account's own credentials only.
const fn own(
    verb: Verb,
    path: &'static str,
    handler: fn(&Exchange) -> Result<Reply, Reply>,
) -> Endpoint {
    Endpoint {
        access: Access::Owner,
        ..row(verb, path, handler)
    }
}
