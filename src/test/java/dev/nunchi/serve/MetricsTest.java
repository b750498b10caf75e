package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class MetricsTest {
  @Test
  void metrics_answers_areCounted() {
    String before = metrics();
    classify("{\"text\": \"영화 정말 좋다!\", \"model\": \"other\"}");
    String after = metrics();
    assertRises(before, after, "nunchi_requests_total", 1, "OK", "Classify", "rest");
    assertRises(before, after, "nunchi_tokens_total", 6, "other");
    assertRises(before, after, "nunchi_labels_total", 1, "other", "부정");
    assertRises(before, after, "nunchi_queue_wait_seconds_count", 1, "other");
    assertRises(before, after, "nunchi_inference_seconds_count", 1, "other");
  }

  @Test
  void metrics_refusals_areCountedByReason() {
    String before = metrics();
    classify("{\"text\": \"\"}");
    String after = metrics();
    assertRises(before, after, "nunchi_requests_total", 1, "INVALID_ARGUMENT", "Classify", "rest");
    assertRises(before, after, "nunchi_rejections_total", 1, "EMPTY_TEXT", "rest");
  }

  /// Of calls over both protocols, whose refusal ends after they have come, and before we know it.
  @Test
  void metrics_refusals_tellHowLongTheyTook() throws Exception {
    String before = metrics();
    long began = System.nanoTime();
    classify("{\"text\": \"\"}");
    ManagedChannel channel = ServerUnderTest.channel();
    SentimentServiceGrpc.SentimentServiceBlockingStub stub =
        SentimentServiceGrpc.newBlockingStub(channel);
    assertThrows(
        StatusRuntimeException.class, () -> stub.classify(ClassifyRequest.getDefaultInstance()));
    channel.shutdownNow();
    for (String protocol : List.of("rest", "grpc")) {
      String after = metrics();
      while (rise(before, after, "nunchi_rejection_seconds_count", "EMPTY_TEXT", protocol) == 0) {
        // It is recorded by the event loop that sent the refusal, when it has.
        Thread.sleep(10);
        after = metrics();
      }
      double seconds = rise(before, after, "nunchi_rejection_seconds_sum", "EMPTY_TEXT", protocol);
      assertEquals(
          1, rise(before, after, "nunchi_rejection_seconds_count", "EMPTY_TEXT", protocol), 1e-9);
      assertTrue(seconds > 0 && seconds <= (System.nanoTime() - began) / 1e9, () -> seconds + " s");
    }
  }

  @Test
  void metrics_truncations_areCountedByPolicy() {
    String before = metrics();
    classify("{\"text\": \"" + "영화 ".repeat(30) + "\", \"truncation\": \"keep_head\"}");
    assertRises(before, metrics(), "nunchi_truncations_total", 1, "tiny", "keep_head");
  }

  @Test
  void metrics_batch_isOneCallAndManyTexts() {
    String before = metrics();
    given()
        .urlEncodingEnabled(false)
        .contentType("application/json; charset=UTF-8")
        .body("{\"requests\": [{\"text\": \"영화 정말 좋다!\"}, {\"text\": \"영화 정말 좋다!\"}]}")
        .post("/v1/classify:batch");
    String after = metrics();
    assertRises(before, after, "nunchi_requests_total", 1, "OK", "BatchClassify", "rest");
    assertRises(before, after, "nunchi_tokens_total", 12, "tiny");
    assertRises(before, after, "nunchi_inference_seconds_count", 2, "tiny");
  }

  @Test
  void metrics_stream_isOneCallAndItsItems() throws Exception {
    String before = metrics();
    streamTwoItems();
    String after = metrics();
    assertRises(before, after, "nunchi_requests_total", 1, "OK", "StreamClassify", "grpc");
    assertRises(before, after, "nunchi_stream_items_total", 1, "OK");
    assertRises(before, after, "nunchi_stream_items_total", 1, "INVALID_ARGUMENT");
    assertRises(before, after, "nunchi_rejections_total", 1, "EMPTY_TEXT", "grpc");
    assertTrue(after.contains("nunchi_streams_open 0"), after);
    assertTrue(after.contains("nunchi_stream_items_unanswered 0"), after);
  }

  /// A caller may make up as many as it likes, and a meter has room for so many.
  @Test
  void metrics_pathsOfCallers_areNoTags() throws Exception {
    given().get("/v1/models/made-up-12345");
    given().get("/made-up-12345");
    assertFalse(metrics().contains("made-up-12345"));
  }

  @Test
  void metrics_everyName_isDocumented() throws Exception {
    classify("{\"text\": \"" + "영화 ".repeat(30) + "\", \"truncation\": \"keep_head\"}");
    classify("{\"text\": \"\"}");
    streamTwoItems();
    Set<String> served = new TreeSet<>();
    Matcher names = Pattern.compile("^# TYPE (nunchi_\\w+)", Pattern.MULTILINE).matcher(metrics());
    while (names.find()) {
      served.add(names.group(1).replaceFirst("_max$", ""));
    }
    Set<String> documented = new TreeSet<>();
    Matcher rows =
        Pattern.compile("^\\| `(nunchi_\\w+?)(_total)?`", Pattern.MULTILINE)
            .matcher(Files.readString(Path.of("docs/metrics.md")));
    while (rows.find()) {
      documented.add(rows.group(1));
    }
    // Of a server that traces, see TracingTest.
    assertTrue(documented.remove("nunchi_trace_spans"));
    assertEquals(documented, served);
  }

  /// A good one, and one without text.
  private static void streamTwoItems() throws Exception {
    ManagedChannel channel = ServerUnderTest.channel();
    StreamClient stream = StreamClient.open(channel);
    stream.send("good", "영화");
    stream.send("bad", "");
    stream.halfClose();
    stream.end.get(20, TimeUnit.SECONDS);
    channel.shutdownNow();
  }

  private static void classify(String body) {
    given().contentType("application/json; charset=UTF-8").body(body).post("/v1/classify");
  }

  private static String metrics() {
    return given().get("/q/metrics").asString();
  }

  /// @param tags values that the line has
  private static void assertRises(
      String before, String after, String name, double by, String... tags) {
    assertEquals(by, rise(before, after, name, tags), 1e-9, after);
  }

  private static double rise(String before, String after, String name, String... tags) {
    return value(after, name, tags) - value(before, name, tags);
  }

  private static double value(String metrics, String name, String... tags) {
    double sum = 0;
    for (String line : metrics.lines().toList()) {
      if (line.startsWith(name + "{")
          && Set.of(tags).stream().allMatch(tag -> line.contains("\"" + tag + "\""))) {
        sum += Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    assertTrue(sum >= 0);
    return sum;
  }
}
