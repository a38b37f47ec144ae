await import('./codec.js');
await import('./pumps-client.js');
