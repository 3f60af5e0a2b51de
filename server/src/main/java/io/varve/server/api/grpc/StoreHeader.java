package io.varve.server.api.grpc;

import com.google.rpc.Status;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.function.Function;

/**
 * The request header that names a store. Until several are served, there is one, and it is called
 * {@code default}.
 */
final class StoreHeader implements ServerInterceptor {
  private static final Metadata.Key<String> STORE =
      Metadata.Key.of("varve-store", Metadata.ASCII_STRING_MARSHALLER);
  private static final String DEFAULT = "default";

  /**
   * How much of a name is repeated in the answer, where it stands several times: clients refuse
   * more than 8 KiB of trailers, and would then report a fault instead of this error.
   */
  private static final int REPEATED = 512;

  private final Function<Status, StatusRuntimeException> inItsWords;

  /**
   * @param inItsWords how the called protocol tells an error
   */
  StoreHeader(Function<Status, StatusRuntimeException> inItsWords) {
    this.inItsWords = inItsWords;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String store = headers.get(STORE);
    if (store == null || store.equals(DEFAULT)) {
      return next.startCall(call, headers);
    }
    StatusRuntimeException notFound =
        inItsWords.apply(
            Errors.storeNotFound(store.substring(0, Math.min(REPEATED, store.length()))));
    Metadata trailers = notFound.getTrailers();
    call.close(notFound.getStatus(), trailers == null ? new Metadata() : trailers);
    return new ServerCall.Listener<>() {};
  }
}
