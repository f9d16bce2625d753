DROP TABLE opt_outs;
DROP TABLE text_backs;
DROP TABLE deliveries;
DROP TABLE messages;
DROP TABLE conversations;
