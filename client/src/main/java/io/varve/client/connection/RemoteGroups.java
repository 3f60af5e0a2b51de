package io.varve.client.connection;

import static java.util.Objects.requireNonNull;

import io.varve.client.connection.PagedList.Page;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.ParkedEvent;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsDeleteRequest;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.ConsumerGroupsListRequest;
import io.varve.proto.v1.ConsumerGroupsListResponse;
import io.varve.proto.v1.ConsumerGroupsUpdateRequest;
import io.varve.proto.v1.DiscardParkedRequest;
import io.varve.proto.v1.ListParkedRequest;
import io.varve.proto.v1.ListParkedResponse;
import io.varve.proto.v1.ReplayParkedRequest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A server's consumer groups. What may be repeated without harm is, while the link is lost; a
 * repeat of the rest could be refused for what the first try did, or do more than was asked for.
 */
final class RemoteGroups implements ConsumerGroups {

  private final UnaryCalls calls;
  private final RemoteConsumers consumers;

  RemoteGroups(UnaryCalls calls, RemoteConsumers consumers) {
    this.calls = calls;
    this.consumers = consumers;
  }

  @Override
  public void create(ConsumerGroup group) {
    ConsumerGroupsCreateRequest request =
        ConsumerGroupsCreateRequest.newBuilder().setGroup(GroupMapping.group(group)).build();
    calls.once(
        ConsumerGroupsGrpc.getCreateMethod(),
        request,
        "creating group \"" + group.name() + "\"",
        ExpectedVersion.any());
  }

  @Override
  public void update(String group, ConsumerGroupSettings settings) {
    calls.ask(
        ConsumerGroupsGrpc.getUpdateMethod(),
        ConsumerGroupsUpdateRequest.newBuilder()
            .setName(name(group))
            .setSettings(GroupMapping.settings(settings))
            .build());
  }

  @Override
  public void delete(String group) {
    calls.once(
        ConsumerGroupsGrpc.getDeleteMethod(),
        ConsumerGroupsDeleteRequest.newBuilder().setName(name(group)).build(),
        "deleting group \"" + group + "\"",
        ExpectedVersion.any());
  }

  @Override
  public Optional<ConsumerGroupInfo> get(String group) {
    return calls
        .look(
            ConsumerGroupsGrpc.getGetMethod(),
            ConsumerGroupsGetRequest.newBuilder().setName(name(group)).build(),
            StoreError::isNoSuchGroup)
        .map(response -> GroupMapping.info(response.getGroup()));
  }

  @Override
  public Stream<ConsumerGroupInfo> list() {
    return PagedList.of(
        token -> {
          ConsumerGroupsListResponse page =
              calls.ask(
                  ConsumerGroupsGrpc.getListMethod(),
                  ConsumerGroupsListRequest.newBuilder()
                      .setPageSize(PagedList.PAGE_SIZE)
                      .setPageToken(token)
                      .build());
          return new Page<>(
              page.getGroupsList().stream().map(GroupMapping::info).toList(),
              page.getNextPageToken());
        });
  }

  @Override
  public Stream<ParkedEvent> listParked(String group) {
    String name = ProtoMapping.wellFormed("group", group);
    return PagedList.of(
        token -> {
          ListParkedResponse page =
              calls.ask(
                  ConsumerGroupsGrpc.getListParkedMethod(),
                  ListParkedRequest.newBuilder().setGroup(name).setPageToken(token).build());
          return new Page<>(
              page.getEventsList().stream().map(GroupMapping::parked).toList(),
              page.getNextPageToken());
        });
  }

  @Override
  public long replayParked(String group) {
    return replay(group, List.of());
  }

  @Override
  public long replayParked(String group, Collection<Long> positions) {
    return replay(group, some(positions));
  }

  private long replay(String group, Collection<Long> positions) {
    ReplayParkedRequest request =
        ReplayParkedRequest.newBuilder()
            .setGroup(ProtoMapping.wellFormed("group", group))
            .addAllPositions(positions)
            .build();
    return calls
        .once(
            ConsumerGroupsGrpc.getReplayParkedMethod(),
            request,
            "replaying parked events of group \"" + group + "\"",
            ExpectedVersion.any())
        .getReplayed();
  }

  @Override
  public long discardParked(String group) {
    return discard(group, List.of());
  }

  @Override
  public long discardParked(String group, Collection<Long> positions) {
    return discard(group, some(positions));
  }

  private long discard(String group, Collection<Long> positions) {
    DiscardParkedRequest request =
        DiscardParkedRequest.newBuilder()
            .setGroup(ProtoMapping.wellFormed("group", group))
            .addAllPositions(positions)
            .build();
    return calls
        .once(
            ConsumerGroupsGrpc.getDiscardParkedMethod(),
            request,
            "discarding parked events of group \"" + group + "\"",
            ExpectedVersion.any())
        .getDiscarded();
  }

  /**
   * None at all means all of them on the wire, which is not what somebody with an empty list wants.
   */
  private static Collection<Long> some(Collection<Long> positions) {
    if (positions.isEmpty()) {
      throw new IllegalArgumentException("positions must not be empty");
    }
    return positions;
  }

  @Override
  public GroupConsumer consume(JoinGroup request, ConsumerListener listener) {
    return consumers.join(request, requireNonNull(listener));
  }

  private static String name(String group) {
    return ProtoMapping.wellFormed("name", group);
  }
}
