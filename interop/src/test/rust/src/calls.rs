use crate::*;
use bytes::Bytes;
use kurrentdb::{
    BatchAppendOptions, CurrentRevision, DeleteStreamOptions, ReadAllOptions, StreamMetadataBuilder, StreamPosition,
    SubscriptionFilter, TombstoneStreamOptions,
};

pub async fn appends(client: &Client) {
    let stream = &fresh();
    let append =
        async |state, kinds: &[&str]| client.append_to_stream(stream.as_str(), &expecting(state), events(kinds)).await;
    let refused = |outcome: Outcome<_>, wanted| match outcome {
        Err(Error::WrongExpectedVersion { current, .. }) => assert_eq!(current, wanted),
        other => panic!("{other:?}"),
    };
    refused(append(StreamState::StreamExists, &["x"]).await, CurrentRevision::NoStream);
    refused(append(StreamState::StreamRevision(3), &["x"]).await, CurrentRevision::NoStream);
    let first = append(StreamState::NoStream, &["0", "1"]).await.expect("an append");
    assert_eq!(first.next_expected_version, 1);
    refused(append(StreamState::NoStream, &["x"]).await, CurrentRevision::Current(1));
    refused(append(StreamState::StreamRevision(0), &["x", "y"]).await, CurrentRevision::Current(1));
    append(StreamState::StreamRevision(1), &["2"]).await.expect("an append");
    append(StreamState::StreamExists, &["3"]).await.expect("an append");
    let last = append(StreamState::Any, &["4", "5"]).await.expect("an append");
    assert_eq!(last.next_expected_version, 5);
    assert!(last.position.commit > first.position.commit);

    let batch = client.batch_append(&BatchAppendOptions::default()).await.expect("a batch");
    batch.append_to_stream(stream, StreamState::StreamRevision(5), events(&["6"])).await.expect("an append");
    batch.append_to_stream(stream, StreamState::StreamRevision(5), events(&["x"])).await.expect_err("a refusal");
    assert_eq!(read(client, stream, ReadStreamOptions::default()).await, ["0", "1", "2", "3", "4", "5", "6"]);
}

pub async fn repeated(client: &Client) {
    let stream = &fresh();
    let repeated = events(&["0", "1"]);
    let append = async |state| {
        let options = expecting(state);
        let done = client.append_to_stream(stream.as_str(), &options, repeated.clone()).await.expect("an append");
        (done.next_expected_version, done.position)
    };
    let first = append(StreamState::NoStream).await;
    assert_eq!(append(StreamState::NoStream).await, first);
    assert_eq!(append(StreamState::Any).await, first);
    assert_eq!(read(client, stream, ReadStreamOptions::default()).await, ["0", "1"]);
}

pub async fn as_it_was(client: &Client) {
    let stream = &fresh();
    let ids = [Uuid::new_v4(), Uuid::new_v4()];
    let custom = Bytes::from_static(b"{ \"$correlationId\": \"c\", \"own\": [1, 2] }");
    let written = vec![
        event("Ünïcode ✓").id(ids[0]).metadata(custom.clone()),
        EventData::binary("bytes", Bytes::from_static(&[0, 255])).id(ids[1]).metadata(Bytes::from_static(&[255])),
    ];
    client.append_to_stream(stream.as_str(), &expecting(StreamState::NoStream), written).await.expect("an append");
    let found = whole(client.read_stream(stream.as_str(), &ReadStreamOptions::default()).await).await.expect("events");
    let (json, binary) = (found[0].get_original_event(), found[1].get_original_event());
    assert_eq!((json.id, binary.id), (ids[0], ids[1]));
    assert_eq!((json.event_type.as_str(), binary.event_type.as_str()), ("Ünïcode ✓", "bytes"));
    assert_eq!((json.custom_metadata.clone(), json.is_json, binary.is_json), (custom, true, false));
    assert_eq!((&binary.data[..], &binary.custom_metadata[..]), (&[0u8, 255][..], &[255u8][..]));
    assert_eq!((json.stream_id(), json.revision, binary.revision), (stream.as_str(), 0, 1));
}

pub async fn stream_reads(client: &Client) {
    let stream = &fresh();
    let options = ReadStreamOptions::default;
    let missing = whole(client.read_stream(stream.as_str(), &options()).await).await;
    assert!(matches!(missing, Err(Error::ResourceNotFound)), "{missing:?}");
    write(client, stream, &["0", "1", "2", "3"]).await;
    let at = StreamPosition::Position;
    assert_eq!(read(client, stream, options().position(at(2))).await, ["2", "3"]);
    assert_eq!(read(client, stream, options().position(at(1)).max_count(2)).await, ["1", "2"]);
    assert!(read(client, stream, options().position(at(4))).await.is_empty());
    let end = || options().backwards().position(StreamPosition::End);
    assert_eq!(read(client, stream, end()).await, ["3", "2", "1", "0"]);
    assert_eq!(read(client, stream, end().max_count(2)).await, ["3", "2"]);
    assert_eq!(read(client, stream, options().backwards().position(at(1))).await, ["1", "0"]);
}

pub async fn log_reads(client: &Client) {
    let stream = &fresh();
    write(client, stream, &["Opened", "Closed", "Opened"]).await;
    let log = async |options: ReadAllOptions| whole(client.read_all(&options).await).await.expect("the log");
    let options = ReadAllOptions::default;
    let mut found = log(options().backwards().position(StreamPosition::End).max_count(1_000)).await;
    found.retain(|one| one.get_original_stream_id() == stream);
    assert_eq!(types(&found), ["Opened", "Closed", "Opened"]);
    let second = StreamPosition::Position(found[1].get_original_event().position);
    assert_eq!(types(&log(options().position(second.clone()).max_count(2)).await), ["Closed", "Opened"]);
    assert_eq!(types(&log(options().backwards().position(second).max_count(1)).await), ["Opened"]);
    for filter in [
        SubscriptionFilter::on_stream_name().add_prefix("other").add_prefix(stream),
        SubscriptionFilter::on_stream_name().regex(format!("^{stream}$")),
    ] {
        assert_eq!(types(&log(options().filter(filter)).await), ["Opened", "Closed", "Opened"]);
    }
    let kind = format!("{}.Opened", fresh());
    write(client, stream, &[&kind]).await;
    let of_type = SubscriptionFilter::on_event_type().regex(kind.replace("Opened", "Op.n"));
    assert_eq!(types(&log(options().filter(of_type)).await), [kind]);
}

pub async fn links(client: &Client) {
    let stream = &fresh();
    let category = format!("$ce-{}", stream.trim_end_matches("-1"));
    write(client, stream, &["0", "1"]).await;
    assert_eq!(read(client, &category, ReadStreamOptions::default()).await, ["$>", "$>"]);
    let resolved = ReadStreamOptions::default().resolve_link_tos();
    for (number, one) in
        whole(client.read_stream(category.as_str(), &resolved).await).await.expect("links").iter().enumerate()
    {
        let event = one.event.as_ref().expect("what the link leads to");
        assert_eq!((event.stream_id(), event.revision), (stream.as_str(), number as u64));
        assert_eq!(one.link.as_ref().expect("a link").event_type, "$>");
    }
}

pub async fn deletes(client: &Client) {
    let stream = &fresh();
    let delete =
        async |state| client.delete_stream(stream.as_str(), &DeleteStreamOptions::default().stream_state(state)).await;
    let tombstone = async |state| {
        client.tombstone_stream(stream.as_str(), &TombstoneStreamOptions::default().stream_state(state)).await
    };
    let reads = async || whole(client.read_stream(stream.as_str(), &ReadStreamOptions::default()).await).await;
    write(client, stream, &["0", "1"]).await;
    let refusal = delete(StreamState::StreamRevision(0)).await.expect_err("a refusal").to_string();
    assert!(refusal.contains("Actual version: 1"), "{refusal}");
    delete(StreamState::StreamRevision(1)).await.expect("a delete");
    assert!(matches!(reads().await, Err(Error::ResourceNotFound)));
    client.append_to_stream(stream.as_str(), &expecting(StreamState::NoStream), event("2")).await.expect("an append");
    let found = reads().await.expect("a stream");
    assert_eq!((types(&found), found[0].get_original_event().revision), (vec!["2".to_string()], 2));
    tombstone(StreamState::StreamRevision(1)).await.expect_err("a refusal");
    tombstone(StreamState::StreamRevision(2)).await.expect("a tombstone");
    assert!(matches!(reads().await, Err(Error::ResourceDeleted)));
    let append = client.append_to_stream(stream.as_str(), &expecting(StreamState::Any), event("3")).await;
    assert!(matches!(append, Err(Error::ResourceDeleted)), "{append:?}");
    assert!(matches!(delete(StreamState::Any).await, Err(Error::ResourceDeleted)));
    assert!(matches!(tombstone(StreamState::Any).await, Err(Error::ResourceDeleted)));
}

pub async fn metadata(client: &Client) {
    let stream = &fresh();
    let newest = ReadStreamOptions::default().backwards().position(StreamPosition::End).max_count(1);
    let none = client.get_stream_metadata(stream.as_str(), &newest).await.expect("an answer");
    assert!(none.is_not_found());
    let said = StreamMetadataBuilder::new().max_count(2).insert_custom_property("owner", "us").build();
    client.set_stream_metadata(stream.as_str(), &expecting(StreamState::NoStream), &said).await.expect("an append");
    write(client, stream, &["0", "1", "2"]).await;
    assert_eq!(read(client, stream, ReadStreamOptions::default()).await, ["1", "2"]);
    let found = match client.get_stream_metadata(stream.as_str(), &newest).await.expect("an answer") {
        kurrentdb::StreamMetadataResult::Success(found) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(found.metadata().max_count, Some(2));
    assert_eq!(found.metadata().custom_properties["owner"], "us");
    client.set_stream_metadata(stream.as_str(), &expecting(StreamState::NoStream), &said).await.expect_err("a refusal");
    let other = StreamMetadataBuilder::new().truncate_before(2).build();
    client
        .set_stream_metadata(stream.as_str(), &expecting(StreamState::StreamRevision(found.version())), &other)
        .await
        .expect("an append");
    assert_eq!(read(client, stream, ReadStreamOptions::default()).await, ["2"]);
}
