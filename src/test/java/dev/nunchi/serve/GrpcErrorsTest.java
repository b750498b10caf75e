package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.junit.jupiter.api.Test;

class GrpcErrorsTest {
  /// Refusals come by the thousand, and a trace of some hundred calls took longer than the rest.
  @Test
  void exception_overload_hasTheDetailsAndNoTrace() {
    Failure failure = Failure.of(NunchiException.withoutTrace(Reason.OVERLOADED, "Too much"));
    StatusRuntimeException exception = GrpcErrors.exception(failure);
    assertEquals(GrpcErrors.status(failure), StatusProto.fromThrowable(exception));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, exception.getStatus().getCode());
    assertEquals("Too much", exception.getStatus().getDescription());
    assertEquals(0, exception.getStackTrace().length);
  }
}
