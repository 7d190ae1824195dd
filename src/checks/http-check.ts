/** Undefined where the URL answers with a status from 200 to 399; else what it answers. Follows no redirection. */
export async function answers(url: string, signal: AbortSignal): Promise<string | undefined> {
  const isSecure = url.startsWith("https:");
  const { request } = isSecure ? await import("node:https") : await import("node:http");
  return await new Promise((resolve, reject) => {
    const asked = request(url, {
      agent: false,
      signal,
      headers: { "user-agent": "usrsvc", accept: "*/*" },
    });
    asked.once("error", reject);
    asked.once("response", (response) => {
      const { statusCode = 0 } = response;
      response.destroy(); // the rest may never end
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `HTTP ${statusCode} from ${url}`);
    });
    asked.end();
  });
}
