//! KurrentDB's Rust client, as it is published, against a running Varve. Prints the name of each check that held, and ends
//! with a sentence at the first that does not. Called with the file that has the server's port. The last check prints what
//! was acknowledged as it goes on: the server is to be killed meanwhile, and to be started again on the same data; the file
//! has its new port then.

mod calls;
mod following;

use kurrentdb::{
    AppendToStreamOptions, Client, Error, EventData, ReadStream, ReadStreamOptions, ResolvedEvent, StreamState,
};
use std::time::Duration;
use uuid::Uuid;

/// The machine may be slow, and a server that was killed starts anew.
const PATIENCE: Duration = Duration::from_secs(240);

type Outcome<T> = Result<T, Error>;

#[tokio::main]
async fn main() {
    tokio::time::timeout(PATIENCE, all()).await.expect("an end in time");
}

async fn all() {
    let client = connect().expect("a server");
    macro_rules! check {
        ($name:literal, $body:expr) => {
            $body(&client).await;
            println!($name);
        };
    }
    check!("appends under every expected state", calls::appends);
    check!("a repeated append is answered and not repeated", calls::repeated);
    check!("an event comes back as it was", calls::as_it_was);
    check!("a stream is read both ways from revisions and with limits", calls::stream_reads);
    check!("the log is read both ways and with filters", calls::log_reads);
    check!("links of a category are resolved", calls::links);
    check!("deletes and tombstones", calls::deletes);
    check!("metadata takes effect", calls::metadata);
    check!("a subscription to a stream catches up and goes live", following::goes_live);
    check!("nothing is missing after a filtered checkpoint", following::checkpoints);
    check!("a persistent subscription takes every answer and replays what is parked", following::every_answer);
    check!("a persistent subscription to the log has a filter", following::group_on_the_log);
    check!("subscriptions and an appender go on after kills", following::kills);
}

/// Connects to the server that is there now.
fn connect() -> Result<Client, String> {
    let file = std::env::args().nth(1).ok_or("the file that has the port must be named")?;
    let port = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let settings = format!(
        "kurrentdb://127.0.0.1:{}?tls=false&defaultDeadline={}&keepAliveInterval=60000&keepAliveTimeout=120000",
        port.trim(),
        PATIENCE.as_millis()
    )
    .parse()
    .map_err(|e| format!("{e}"))?;
    Client::new(settings).map_err(|e| e.to_string())
}

fn fresh() -> String {
    format!("rust{}-1", Uuid::new_v4().simple())
}

fn event(kind: impl ToString) -> EventData {
    let kind = kind.to_string();
    EventData::json(kind.clone(), &serde_json::json!({ "is": kind })).expect("JSON").id(Uuid::new_v4())
}

fn events(kinds: &[&str]) -> Vec<EventData> {
    kinds.iter().map(event).collect()
}

fn expecting(state: StreamState) -> AppendToStreamOptions {
    AppendToStreamOptions::default().stream_state(state)
}

async fn write(client: &Client, stream: &str, kinds: &[&str]) {
    client.append_to_stream(stream, &expecting(StreamState::Any), events(kinds)).await.expect("an append");
}

/// All that a read has.
async fn whole(read: Outcome<ReadStream>) -> Outcome<Vec<ResolvedEvent>> {
    let mut read = read?;
    let mut found = Vec::new();
    while let Some(one) = read.next().await? {
        found.push(one);
    }
    Ok(found)
}

fn types(found: &[ResolvedEvent]) -> Vec<String> {
    found.iter().map(|one| one.event.as_ref().or(one.link.as_ref()).expect("an event").event_type.clone()).collect()
}

async fn read(client: &Client, stream: &str, options: ReadStreamOptions) -> Vec<String> {
    types(&whole(client.read_stream(stream, &options).await).await.expect("a stream"))
}
