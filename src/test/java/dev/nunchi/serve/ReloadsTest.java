package dev.nunchi.serve;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.Question;
import dev.nunchi.serve.StagedModel.Stage;
import dev.nunchi.text.Truncation;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
@Timeout(60)
class ReloadsTest {
  private static final String TEXT = "영화 정말 좋다!";
  private static final String ADDED = "added-meanwhile-0123456789";

  @Inject ModelRegistry models;

  /// What it accepted is answered first, however long that takes.
  @Test
  void tokens_anOldModelIsBeingClosed_areReadAgain() throws Exception {
    Path file = GuardedServer.tokens();
    String before = Files.readString(file);
    ServedModel old = models.find("model", "staged");
    StagedModel.holdAt(Stage.RUNNING);
    CompletableFuture<Prediction> held =
        old.classifier().classify(TEXT, Truncation.REJECT, Deadline.NONE);
    try {
      StagedModel.awaitHeld();
      models.put(another());
      until(() -> isBeingClosed(old));
      Files.writeString(file, before + ADDED + "\n");
      until(() -> status(ADDED) == 200);
      Files.writeString(file, before);
      until(() -> status(ADDED) == 401);
      assertFalse(held.isDone());
    } finally {
      Files.writeString(file, before);
      StagedModel.forget();
      StagedModel.release();
    }
    assertTrue(held.get(10, TimeUnit.SECONDS).tokenCount() > 0);
  }

  /// For the tests that come.
  private ServedModel another() {
    LoadedModel tiny = models.find("model", "tiny").loaded();
    return GuardedServer.Models.with(
        "staged", tiny, new StagedModel.Encoding(tiny), new StagedModel.Running());
  }

  private static boolean isBeingClosed(ServedModel model) {
    try {
      Question _ = model.classifier().question(TEXT, null, Truncation.REJECT, false);
      return false;
    } catch (NunchiException _) {
      return true;
    }
  }

  private static int status(String token) {
    return given().header("Authorization", "Bearer " + token).get("/v1/models").statusCode();
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < limit, "It does not come to pass");
      Thread.sleep(20);
    }
  }
}
