package dev.nunchi.serve;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import org.junit.jupiter.api.Tag;

@Tag("clients")
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class ExampleNodeClientTest extends ExampleClientCases {
  ExampleNodeClientTest() {
    super(ExampleClient.NODE);
  }
}
