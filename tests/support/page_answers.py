"""What Dagster's page is told about runs: the answers of the web server's own GraphQL schema, without a browser."""

from __future__ import annotations

import asyncio
import json

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_graphql.schema import create_schema

QUERY = """
query Logs($run: ID!) {
  runOrError(runId: $run) { ... on Run { status tags { key value } assetMaterializations { label description metadataEntries {
    ...Entry } } } }
  logsForRun(runId: $run) { ... on EventConnection { events {
    ... on MessageEvent { message stepKey }
    ... on MaterializationEvent { description metadataEntries { ...Entry } }
    ... on AssetCheckEvaluationEvent { evaluation { description metadataEntries { ...Entry } } }
    ... on ExecutionStepFailureEvent { error { message stack errorChain { error { message stack } } }
      failureMetadata { description metadataEntries { ...Entry } } }
    ... on RunFailureEvent { error { message stack } }
  } } }
}
fragment Entry on MetadataEntry { label description
  ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr } ... on JsonMetadataEntry { jsonString }
  ... on PathMetadataEntry { path } ... on IntMetadataEntry { intRepr } ... on FloatMetadataEntry { floatValue }
  ... on TableMetadataEntry { table { records } } }
"""


def page_answers(instance: dg.DagsterInstance) -> list[str]:
    """One answer per run of the instance, as text."""
    schema = create_schema()
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as process:
        answers = []
        for record in instance.get_run_records():
            context = process.create_request_context()
            asked = {"run": record.dagster_run.run_id}
            result = asyncio.run(schema.execute_async(QUERY, context_value=context, variable_values=asked))
            assert not result.errors, result.errors
            answers.append(json.dumps(result.data, ensure_ascii=False))
    return answers
