use crate::*;
use kurrentdb::{
    DeletePersistentSubscriptionOptions, GetPersistentSubscriptionInfoOptions, ListPersistentSubscriptionsOptions,
    NakAction, PersistentSubscription, PersistentSubscriptionEvent, PersistentSubscriptionOptions,
    PersistentSubscriptionToAllOptions, ReplayParkedMessagesOptions, StreamPosition, SubscribeToAllOptions,
    SubscribeToPersistentSubscriptionOptions, SubscribeToStreamOptions, Subscription, SubscriptionEvent,
    SubscriptionFilter,
};
use std::collections::HashMap;

/// As many events as are appended, one at a time, while the server is killed.
const APPENDED: usize = 60;

async fn next_types(subscription: &mut Subscription, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        found.push(subscription.next().await.expect("an event"));
    }
    types(&found)
}

async fn catches_up(subscription: &mut Subscription) -> Option<u64> {
    loop {
        match subscription.next_subscription_event().await.expect("a message") {
            SubscriptionEvent::CaughtUp(at) => return at.and_then(|at| at.stream_revision),
            SubscriptionEvent::EventAppeared(event) => panic!("{event:?}"),
            _ => {}
        }
    }
}

pub async fn goes_live(client: &Client) {
    let stream = &fresh();
    write(client, stream, &["0", "1"]).await;
    let subscribe = async |from| {
        client.subscribe_to_stream(stream.as_str(), &SubscribeToStreamOptions::default().start_from(from)).await
    };
    let mut from_start = subscribe(StreamPosition::Start).await;
    assert_eq!(next_types(&mut from_start, 2).await, ["0", "1"]);
    assert_eq!(catches_up(&mut from_start).await, Some(1));
    write(client, stream, &["2"]).await;
    assert_eq!(next_types(&mut from_start, 1).await, ["2"]);
    let mut after = subscribe(StreamPosition::Position(0)).await;
    assert_eq!(next_types(&mut after, 2).await, ["1", "2"]);
    let mut at_end = subscribe(StreamPosition::End).await;
    catches_up(&mut at_end).await;
    write(client, stream, &["3"]).await;
    assert_eq!(next_types(&mut at_end, 1).await, ["3"]);
}

pub async fn checkpoints(client: &Client) {
    const COUNT: usize = 8;
    let prefix = &fresh();
    let subscribe = async |from| {
        let filter = SubscriptionFilter::on_stream_name().add_prefix(prefix).max(1);
        client.subscribe_to_all(&SubscribeToAllOptions::default().position(from).filter(filter)).await
    };
    let mut subscription = subscribe(StreamPosition::End).await;
    let mut seen = Vec::new();
    let mut checkpoints = Vec::new();
    while seen.len() < COUNT || checkpoints.len() < 4 {
        match subscription.next_subscription_event().await.expect("a message") {
            SubscriptionEvent::CaughtUp(_) => {
                for number in 0..COUNT {
                    write(client, &fresh(), &["x", "x", "x"]).await;
                    write(client, &format!("{prefix}-{number}"), &[&number.to_string()]).await;
                }
            }
            SubscriptionEvent::Checkpoint(at) => checkpoints.push((at, seen.len())),
            SubscriptionEvent::EventAppeared(event) => seen.push(event.get_original_event().event_type.clone()),
            _ => {}
        }
    }
    assert_eq!(seen, (0..COUNT).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(checkpoints.is_sorted_by(|one, two| one.0.commit < two.0.commit), "{checkpoints:?}");
    for (at, count) in checkpoints {
        if count < COUNT {
            let mut after = subscribe(StreamPosition::Position(at)).await;
            assert_eq!(next_types(&mut after, 1).await, [count.to_string()]);
        }
    }
}

/// The next event that a consumer is given, with how often it had come before; none when its subscription has ended.
async fn delivered(consumer: &mut PersistentSubscription) -> Option<(ResolvedEvent, usize)> {
    loop {
        match consumer.next_subscription_event().await {
            Ok(PersistentSubscriptionEvent::EventAppeared { retry_count, event }) => return Some((event, retry_count)),
            Ok(PersistentSubscriptionEvent::Confirmed(_)) => {}
            Err(Error::IllegalStateError(dropped)) => {
                assert!(dropped.contains("dropped"), "{dropped}");
                return None;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// Goes on to the event of a type, which it leaves unanswered: any other may come again at any time.
async fn go_on_to(consumer: &mut PersistentSubscription, kind: &str) -> ResolvedEvent {
    loop {
        let (event, _) = delivered(consumer).await.expect("an event");
        if event.get_original_event().event_type == kind {
            return event;
        }
        consumer.ack(&event).await.expect("an ack");
    }
}

pub async fn every_answer(client: &Client) {
    let stream = &fresh();
    write(client, stream, &["retry", "unknown", "park", "skip", "ack"]).await;
    let options = PersistentSubscriptionOptions::default()
        .start_from(StreamPosition::Start)
        .message_timeout(PATIENCE)
        .max_subscriber_count(1);
    let create = async || client.create_persistent_subscription(stream.as_str(), "g", &options).await;
    create().await.expect("a group");
    assert!(matches!(create().await, Err(Error::ResourceAlreadyExists)));
    let subscribe = async || {
        let options = SubscribeToPersistentSubscriptionOptions::default();
        client.subscribe_to_persistent_subscription(stream.as_str(), "g", &options).await
    };
    let info = async || {
        client.get_persistent_subscription_info(stream, "g", &GetPersistentSubscriptionInfoOptions::default()).await
    };
    let parked = async |count| {
        while info().await.expect("the group").stats.parked_message_count != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };

    let mut consumer = subscribe().await.expect("a subscription");
    let mut heard: HashMap<String, usize> = HashMap::new();
    while heard.len() < 5 || heard["retry"] < 2 || heard["unknown"] < 2 {
        let (event, retries) = delivered(&mut consumer).await.expect("an event");
        let kind = event.get_original_event().event_type.clone();
        let count = heard.entry(kind.clone()).or_default();
        *count += 1;
        let action = match kind.as_str() {
            "retry" => Some(NakAction::Retry),
            "unknown" => Some(NakAction::Unknown),
            "park" => Some(NakAction::Park),
            "skip" => Some(NakAction::Skip),
            _ => None,
        };
        match action {
            Some(action) if *count == 1 => consumer.nack(&event, action, "because").await.expect("a nack"),
            _ => {
                assert!(kind == "ack" || retries > 0);
                consumer.ack(&event).await.expect("an ack");
            }
        }
    }
    parked(1).await;
    client.replay_parked_messages(stream, "g", &ReplayParkedMessagesOptions::default()).await.expect("a replay");
    let event = go_on_to(&mut consumer, "park").await;
    consumer.ack(&event).await.expect("an ack");
    parked(0).await;
    write(client, stream, &["stop"]).await;
    let event = go_on_to(&mut consumer, "stop").await;
    consumer.nack(&event, NakAction::Stop, "because").await.expect("a nack");
    while delivered(&mut consumer).await.is_some() {}

    let mut consumer = subscribe().await.expect("a subscription");
    let event = go_on_to(&mut consumer, "stop").await; // what stopped the group comes to whoever joins anew
    consumer.ack(&event).await.expect("an ack");
    client
        .update_persistent_subscription(stream.as_str(), "g", &options.clone().max_retry_count(3))
        .await
        .expect("an update");
    while delivered(&mut consumer).await.is_some() {}
    assert_eq!(info().await.expect("the group").settings.expect("settings").max_retry_count, 3);
    let list = ListPersistentSubscriptionsOptions::default();
    let listed = client.list_persistent_subscriptions_for_stream(stream, &list).await.expect("a list");
    assert_eq!(listed.iter().map(|one| one.group_name.as_str()).collect::<Vec<_>>(), ["g"]);
    let remove = async || {
        let options = DeletePersistentSubscriptionOptions::default();
        client.delete_persistent_subscription(stream.as_str(), "g", &options).await
    };
    remove().await.expect("an end of the group");
    assert!(matches!(remove().await, Err(Error::ResourceNotFound)));
    assert!(matches!(info().await, Err(Error::ResourceNotFound)));
}

pub async fn group_on_the_log(client: &Client) {
    let (stream, group) = (&fresh(), &fresh());
    write(client, stream, &["0", "1"]).await;
    let options = PersistentSubscriptionToAllOptions::default()
        .start_from(StreamPosition::Start)
        .message_timeout(PATIENCE)
        .filter(SubscriptionFilter::on_stream_name().add_prefix(stream));
    client.create_persistent_subscription_to_all(group, &options).await.expect("a group");
    let mut consumer = client
        .subscribe_to_persistent_subscription_to_all(group, &SubscribeToPersistentSubscriptionOptions::default())
        .await
        .expect("a subscription");
    for kind in ["0", "1", "2"] {
        let (event, _) = delivered(&mut consumer).await.expect("an event");
        let found = event.get_original_event();
        assert_eq!((found.event_type.as_str(), found.stream_id()), (kind, stream.as_str()));
        consumer.ack(&event).await.expect("an ack");
        if kind == "1" {
            write(client, &fresh(), &["x"]).await;
            write(client, stream, &["2"]).await;
        }
    }
    let list = ListPersistentSubscriptionsOptions::default();
    let listed = client.list_persistent_subscriptions_to_all(&list).await.expect("a list");
    assert!(listed.iter().any(|one| &one.group_name == group));
    client
        .delete_persistent_subscription_to_all(group, &DeletePersistentSubscriptionOptions::default())
        .await
        .expect("an end of the group");
}

// ---- kills

async fn follow(mut subscription: Subscription, heard: &mut Vec<ResolvedEvent>) -> Outcome<()> {
    while heard.len() < APPENDED {
        heard.push(subscription.next().await?);
    }
    Ok(())
}

/// Follows a stream, or what the log has of it, with another client whenever one has failed.
async fn follower(stream: String, of_log: bool) -> Vec<ResolvedEvent> {
    let mut heard: Vec<ResolvedEvent> = Vec::new();
    while heard.len() < APPENDED {
        if let Ok(client) = connect() {
            let last = heard.last().map(|one| one.get_original_event());
            let subscription = if of_log {
                let from = last.map_or(StreamPosition::Start, |one| StreamPosition::Position(one.position));
                let filter = SubscriptionFilter::on_stream_name().add_prefix(&stream);
                client.subscribe_to_all(&SubscribeToAllOptions::default().position(from).filter(filter)).await
            } else {
                let from = last.map_or(StreamPosition::Start, |one| StreamPosition::Position(one.revision));
                client.subscribe_to_stream(stream.as_str(), &SubscribeToStreamOptions::default().start_from(from)).await
            };
            if follow(subscription, &mut heard).await.is_ok() {
                return heard;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    heard
}

pub async fn kills(_: &Client) {
    let stream = fresh();
    let of_stream = tokio::spawn(follower(stream.clone(), false));
    let of_log = tokio::spawn(follower(stream.clone(), true));
    let mut appender = connect().ok();
    for number in 0..APPENDED {
        let one = event(number);
        let state = if number == 0 { StreamState::NoStream } else { StreamState::StreamRevision(number as u64 - 1) };
        loop {
            if let Some(client) = &appender {
                match client.append_to_stream(stream.as_str(), &expecting(state), one.clone()).await {
                    Ok(_) => break,
                    Err(Error::WrongExpectedVersion { expected, current }) => panic!("{expected} was {current}"),
                    Err(_) => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            appender = connect().ok();
        }
        println!("acknowledged {}", number + 1);
    }
    let (of_stream, of_log) = (of_stream.await.expect("a follower"), of_log.await.expect("a follower"));
    let wanted: Vec<String> = (0..APPENDED).map(|number| number.to_string()).collect();
    assert_eq!(types(&of_stream), wanted);
    assert_eq!(types(&of_log), wanted);
    let found = read(appender.as_ref().expect("a client"), &stream, ReadStreamOptions::default()).await;
    assert_eq!(found, wanted);
}
