import { renderAction } from "../render.ts";
import { readResult } from "./read-answer.ts";
import { type HostsView, tellers, type ViewContext, withHost } from "./view.ts";

/** Each result as it comes, with its host in front. */
export function actionView(context: ViewContext): HostsView {
  const { screen, json } = context;
  return {
    show(target, answer) {
      const result = readResult(answer);
      if (result === undefined) return false;
      if (json) screen.page(withHost(target, answer));
      // What is no program there, it has also said on standard error.
      else if (result.result !== "undefined") {
        const text = `${target.name}: ${renderAction(result)}`;
        if (result.isOk) screen.result(text);
        else screen.complain(text);
      }
      return true;
    },
    ...tellers(context),
    finish: () => {},
  };
}
