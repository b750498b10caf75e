package dev.nunchi.serve;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;

@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class ExampleJavaClientTest extends ExampleClientCases {
  ExampleJavaClientTest() {
    super(ExampleClient.JAVA);
  }
}
