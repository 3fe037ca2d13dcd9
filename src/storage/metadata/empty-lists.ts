import {
  type BinaryOperationNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  PrimitiveValueListNode,
  type QueryId,
  replaceWithNoncontingentExpression,
} from "kysely";

/** Makes `in ()` false, as SQLite has it; PostgreSQL calls it a syntax error. Kysely's own plugin overlooks subqueries. */
export function emptyLists(): KyselyPlugin {
  const transformer = new EmptyLists();
  return {
    transformQuery: ({ node, queryId }) => transformer.transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  };
}

class EmptyLists extends OperationNodeTransformer {
  protected override transformBinaryOperation(node: BinaryOperationNode, queryId?: QueryId): BinaryOperationNode {
    const { rightOperand } = node;
    if (PrimitiveValueListNode.is(rightOperand) && rightOperand.values.length === 0) {
      return replaceWithNoncontingentExpression(node as never);
    }
    return super.transformBinaryOperation(node, queryId);
  }
}
