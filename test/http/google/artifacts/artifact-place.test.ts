import { describe, expect, test } from "bun:test";
import { findPlace, regionOf } from "../../../../src/http/google/artifacts/artifact-place.ts";

const google = ["gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io", "europe-west1-docker.pkg.dev", "registry.test:5000"];

describe("Artifact Registry's location", () => {
  test.each([
    ["gcr.io", "us"],
    ["us.gcr.io", "us"],
    ["eu.gcr.io", "europe"],
    ["asia.gcr.io", "asia"],
    ["europe-west1-docker.pkg.dev", "europe-west1"],
    ["default", "default"],
    ["registry.test:5000", "registry.test:5000"],
  ])("of %s is %s", (location, region) => {
    expect(regionOf(location)).toBe(region);
  });
});

describe("Artifact Registry's repository", () => {
  test.each([
    [google, "us", "gcr.io", "gcr.io", ""],
    [google, "us", "us.gcr.io", "us.gcr.io", ""],
    [google, "europe", "eu.gcr.io", "eu.gcr.io", ""],
    [google, "eu.gcr.io", "eu.gcr.io", "eu.gcr.io", ""],
    [google, "eu.gcr.io", "team", "eu.gcr.io", "team/"],
    [google, "europe-west1", "team", "europe-west1-docker.pkg.dev", "team/"],
    [google, "registry.test:5000", "registry.test:5000", "registry.test:5000", ""],
    [["default"], "default", "default", "default", ""],
    [["default"], "default", "team", "default", "team/"],
  ])("of %p: %s/%s is %s, below %j", (locations, region, repository, location, prefix) => {
    expect(findPlace(locations, region, repository)).toEqual({ region, repository, location, prefix });
  });

  test.each([
    [google, "europe", "gcr.io"],
    [google, "us", "team"],
    [google, "asia-east1", "team"],
    [["default"], "us", "gcr.io"],
  ])("of %p: there is no %s/%s", (locations, region, repository) => {
    expect(findPlace(locations, region, repository)).toBeUndefined();
  });
});
