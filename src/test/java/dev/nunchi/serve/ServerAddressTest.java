package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerAddressTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, http://127.0.0.1:8080",
    "movies.example, http://movies.example:8080",
    "::1, http://[::1]:8080",
    "2001:db8::7, http://[2001:db8::7]:8080",
    "fe80::1%eth0, http://[fe80::1%25eth0]:8080",
    "0.0.0.0, http://localhost:8080",
    "::, http://localhost:8080",
    "0:0:0:0:0:0:0:0, http://localhost:8080"
  })
  void url_ofAHost_canBeOpened(String host, String url) {
    assertEquals(url, new ServerAddress("http", host, 8080).url());
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0, true", "::, true", "0::0, true", "::1, false", "10::, false", "a, false"})
  void isEverywhere_allAddresses_isTrue(String host, boolean everywhere) {
    assertEquals(everywhere, new ServerAddress("https", host, 1).isEverywhere());
  }
}
