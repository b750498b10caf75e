package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.nunchi.infer.Deadline;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineInterceptorTest {
  @ParameterizedTest
  @CsvSource({
    "3H, 10800000000000",
    "2M, 120000000000",
    "5S, 5000000000",
    "250m, 250000000",
    "7u, 7000",
    "99999999n, 99999999",
    "0n, 0"
  })
  void deadline_everyUnit_isCountedFromNow(String timeout, long nanos) {
    assertEquals(new Deadline(42 + nanos), DeadlineInterceptor.deadline(timeout, 42));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "S", "-1S", "5s", "1.5S", "123456789n", "5S ", "٣S"})
  void deadline_notATimeout_isNone(String timeout) {
    assertSame(Deadline.NONE, DeadlineInterceptor.deadline(timeout, 42));
  }

  @Test
  void deadline_noHeader_isNone() {
    assertSame(Deadline.NONE, DeadlineInterceptor.deadline(null, 42));
  }
}
